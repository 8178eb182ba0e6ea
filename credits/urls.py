"""Where this app's calls are, below /api/v1/."""

from django.urls import path

from credits import analytics, api, receipts

app_name = "credits"
urlpatterns = [
    path("credits/balance", api.Balance.as_view(), name="balance"),
    path("credits/history", api.History.as_view(), name="history"),
    path("credits/analytics", analytics.Analytics.as_view(), name="analytics"),
    path("charges/<str:id>", receipts.Receipt.as_view(), name="charge"),
    path("credits/packages", api.Packages.as_view(), name="packages"),
]
