"""Addresses of this app, below /api/v1/."""

from django.urls import path

from conversion import api, convert_api, feedback_api

app_name = "conversion"
urlpatterns = [
    path("conversion/validate", api.Validate.as_view(), name="validate"),
    path("conversion/fnsku-to-asin", convert_api.Convert.as_view(), name="convert"),
    path("conversion/history", convert_api.History.as_view(), name="history"),
    path("conversion/<str:id>", convert_api.Detail.as_view(), name="conversion"),
    path("conversion/<str:id>/feedback", feedback_api.GiveFeedback.as_view(), name="feedback"),
]
