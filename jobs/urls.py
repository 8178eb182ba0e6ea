"""Addresses of this app, below /api/v1/."""

from django.urls import path

from jobs import api

app_name = "jobs"
urlpatterns = [
    path("products/bulk", api.ProductsBulk.as_view(), name="products-bulk"),
    path("conversion/bulk", api.ConversionBulk.as_view(), name="conversion-bulk"),
    path("jobs", api.Jobs.as_view(), name="jobs"),
    path("jobs/<str:id>", api.OneJob.as_view(), name="job"),
    path("jobs/<str:id>/results", api.Results.as_view(), name="results"),
    path("jobs/<str:id>/cancel", api.Cancel.as_view(), name="cancel"),
    path("jobs/<str:id>/retry-failed", api.RetryFailed.as_view(), name="retry-failed"),
]
