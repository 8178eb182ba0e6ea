"""Addresses of this app, below /api/v1/. A path has an id with its prefix: other words are left to others."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from webhooks import api


class EndpointId(StringConverter):
    """What looks like the id of a webhook."""

    regex = "whe_[^/]+"


class DeliveryId(StringConverter):
    """What looks like the id of a delivery."""

    regex = "whd_[^/]+"


register_converter(EndpointId, "whe")
register_converter(DeliveryId, "whd")

app_name = "webhooks"
urlpatterns = [
    path("webhooks", api.Endpoints.as_view(), name="endpoints"),
    path("webhooks/<whe:id>", api.OneEndpoint.as_view(), name="endpoint"),
    path("webhooks/<whe:id>/rotate-secret", api.RotateSecret.as_view(), name="rotate-secret"),
    path("webhooks/<whe:id>/test", api.Test.as_view(), name="test"),
    path("webhooks/<whe:id>/deliveries", api.Deliveries.as_view(), name="deliveries"),
    path("webhooks/deliveries/<whd:id>/replay", api.Replay.as_view(), name="replay"),
]
