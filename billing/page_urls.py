"""Addresses of this app's pages."""

from django.urls import path

from billing.views import Pay

app_name = "billing_pages"
urlpatterns = [path("<uuid:order_id>", Pay.as_view(), name="pay")]
