"""The address of the page on which to pay with nothing."""

from django.urls import path

from billing.offline.views import OfflineCheckout

app_name = "billing_offline"
urlpatterns = [path("<slug:session_id>", OfflineCheckout.as_view(), name="checkout")]
