"""Addresses of this app, below /api/v1/."""

from django.urls import path

from products import api, cache_api, history

app_name = "products"
urlpatterns = [
    path("products/asin", api.LookupByBody.as_view(), name="lookup"),
    path("products/cache-stats", cache_api.CacheStats.as_view(), name="cache-stats"),
    path("products/<str:asin>", api.LookupByPath.as_view(), name="product"),
    path("products/<str:asin>/history", history.History.as_view(), name="history"),
    path("products/<str:asin>/cache", cache_api.Cached.as_view(), name="cache"),
    path("marketplaces", api.Marketplaces.as_view(), name="marketplaces"),
    path("pricing", api.Pricing.as_view(), name="pricing"),
]
