"""Addresses of this app, below /api/v1/."""

from django.urls import path

from conversion import api

app_name = "conversion"
urlpatterns = [path("conversion/validate", api.Validate.as_view(), name="validate")]
