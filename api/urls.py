"""Addresses that belong to the API as a whole. Included last: the final one catches what is left."""

from django.urls import path, re_path

from api import analytics, health, requests, schema, views

app_name = "api"
urlpatterns = [
    path("health", health.ready, name="health"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("api/v1/requests", requests.Requests.as_view(), name="requests"),
    path("api/v1/analytics/usage", analytics.Usage.as_view(), name="usage"),
    path("api/schema/", schema.Schema.as_view(), name="schema"),
    re_path(r"^api(?![^/])", views.Unknown.as_view(), name="unknown"),  # api, api/ and all below
]
