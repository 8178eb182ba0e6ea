"""Addresses of this app, below /api/v1/."""

from django.urls import path

from billing import api, webhook_api

app_name = "billing"
urlpatterns = [
    path("credits/checkout-session", api.CheckoutSessions.as_view(), name="checkout-sessions"),
    path("credits/checkout-session/<str:id>", api.CheckoutSession.as_view(), name="checkout-session"),
    path("payments", api.Payments.as_view(), name="payments"),
    path("webhooks/stripe", webhook_api.StripeWebhook.as_view(), name="stripe-webhook"),
]
