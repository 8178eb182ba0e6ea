"""Addresses of this app, below /api/v1/."""

from django.urls import URLPattern, path

from conversion import api
from conversion.inventory_api import Inventories, OneInventory
from conversion.seller_api import Connection, Sync

app_name = "conversion"
urlpatterns: list[URLPattern] = [
    path("conversion/validate", api.Validate.as_view(), name="validate"),
    path("conversion/inventory", Inventories.as_view(), name="inventories"),
    path("conversion/inventory/<int:id>", OneInventory.as_view(), name="inventory"),
    path("conversion/seller-account", Connection.as_view(), name="seller-account"),
    path("conversion/seller-account/sync", Sync.as_view(), name="seller-account-sync"),
]
