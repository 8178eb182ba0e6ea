"""Addresses of this app, below /api/v1/."""

from django.urls import path

from products import api

app_name = "products"
urlpatterns = [
    path("products/asin", api.LookupByBody.as_view(), name="lookup"),
    path("products/<str:asin>", api.LookupByPath.as_view(), name="product"),
    path("products/<str:asin>/history", api.History.as_view(), name="history"),
    path("marketplaces", api.Marketplaces.as_view(), name="marketplaces"),
    path("pricing", api.Pricing.as_view(), name="pricing"),
]
