"""What operators ask for."""

from django.urls import path

from monitoring import api

app_name = "monitoring"
urlpatterns = [
    path("analytics/performance", api.Performance.as_view(), name="performance"),
]
