"""Events on their way to the inbox: signed, and posted to our own address as Stripe would post them."""

import json
from collections.abc import Iterable

import requests
from django.conf import settings
from django.urls import reverse
from stripe import WebhookSignature

from api.connections import give_back_connection
from billing.offline.shapes import Object

TIMEOUT = 5  # seconds


class NotDelivered(Exception):
    """The inbox did not take an event."""


def deliver(events: Iterable[Object]) -> None:
    """Send events to the inbox, in this order. Raises NotDelivered; those that were taken stay so."""
    give_back_connection()
    address = settings.LOCAL_URL + reverse("billing:stripe-webhook")
    with requests.Session() as session:
        session.trust_env = False  # a proxy would not find its way back to this machine
        for event in events:
            body = json.dumps(event)
            try:
                session.post(address, body, headers=headers(body), timeout=TIMEOUT).raise_for_status()
            except requests.RequestException as error:
                raise NotDelivered(type(error).__name__) from None


def headers(body: str) -> dict[str, str]:
    """Return what is sent with an event: who signed it, and when."""
    signed = WebhookSignature.generate_signature_header(body, settings.OFFLINE_WEBHOOK_SECRET)
    return {"Content-Type": "application/json", "Stripe-Signature": signed}
