"""Money in, credits out; the only app that knows Stripe."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Orders, the inbox for Stripe's events, and what comes of them."""

    name = "billing"
    verbose_name = "Billing"
