"""Addresses of this app, below /api/v1/."""

from django.urls import path

from conversion import api, convert_api, feedback_api
from conversion.inventory_api import Inventories, OneInventory
from conversion.seller_api import Connection, Sync

app_name = "conversion"
urlpatterns = [
    path("conversion/validate", api.Validate.as_view(), name="validate"),
    path("conversion/fnsku-to-asin", convert_api.Convert.as_view(), name="convert"),
    path("conversion/history", convert_api.History.as_view(), name="history"),
    path("conversion/inventory", Inventories.as_view(), name="inventories"),
    path("conversion/inventory/<int:id>", OneInventory.as_view(), name="inventory"),
    path("conversion/seller-account", Connection.as_view(), name="seller-account"),
    path("conversion/seller-account/sync", Sync.as_view(), name="seller-account-sync"),
    path("conversion/<str:id>", convert_api.Detail.as_view(), name="conversion"),
    path("conversion/<str:id>/feedback", feedback_api.GiveFeedback.as_view(), name="feedback"),
]
