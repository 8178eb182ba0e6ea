"""Addresses of the pages on which to pay with nothing, and to manage cards that are none."""

from django.urls import path

from billing.offline.portal import OfflinePortal
from billing.offline.views import OfflineCheckout

app_name = "billing_offline"
urlpatterns = [
    path("portal/<slug:session_id>", OfflinePortal.as_view(), name="portal"),
    path("<slug:session_id>", OfflineCheckout.as_view(), name="checkout"),
]
