"""Addresses of this app, below /api/v1/."""

from django.urls import path

from billing import api, topup_api, webhook_api

app_name = "billing"
urlpatterns = [
    path("credits/checkout-session", api.CheckoutSessions.as_view(), name="checkout-sessions"),
    path("credits/checkout-session/<str:id>", api.CheckoutSession.as_view(), name="checkout-session"),
    path("credits/payment-methods", topup_api.PaymentMethods.as_view(), name="payment-methods"),
    path("credits/portal-session", topup_api.PortalSessions.as_view(), name="portal-sessions"),
    path("credits/auto-topup", topup_api.TopUps.as_view(), name="auto-topup"),
    path("payments", api.Payments.as_view(), name="payments"),
    path("webhooks/stripe", webhook_api.StripeWebhook.as_view(), name="stripe-webhook"),
]
