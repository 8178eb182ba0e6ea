"""Addresses of this app, below /api/v1/."""

from django.urls import URLPattern

app_name = "conversion"
urlpatterns: list[URLPattern] = []
