"""A buyer at the page of the offline checkout, in a browser without JavaScript."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from pytest_django import Settings

from accounts.models import User
from billing.models import CreditOrder
from billing.packages import packages
from billing.services import start_checkout
from billing.tests.acts import work_all

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
BUTTONS = re.compile(r'<button name="act" value="(\w+)"')


def stand_in(settings: Settings, address: str) -> None:
    """Let the stand-in answer for Stripe, and send its events to this address."""
    settings.BILLING_OFFLINE = True
    settings.STRIPE_LIVE_MODE = False
    settings.STRIPE_SECRET_KEY = settings.OFFLINE_STRIPE_KEY
    settings.STRIPE_WEBHOOK_SECRETS = [settings.OFFLINE_WEBHOOK_SECRET]
    settings.STRIPE_API_URL = "http://offline.invalid"
    settings.PUBLIC_URL = settings.LOCAL_URL = address
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]


class Buyer:
    """A purchase begun by `user`, and the page on which to pay it. Forged forms are refused."""

    def __init__(self, user: User, package: str = "starter") -> None:
        begun = start_checkout(
            user=user,
            package=packages()[package],
            success_url="http://localhost/done",
            cancel_url="http://localhost/cancelled",
        )
        self.session_id, self.url = begun.session_id, begun.url
        self.path = urlsplit(begun.url).path
        self.browser = Client(enforce_csrf_checks=True)

    @property
    def order(self) -> CreditOrder:
        """The order as it is in the database now."""
        return CreditOrder.objects.get(session_id=self.session_id)

    def page(self) -> str:
        """What the page shows."""
        answer = self.browser.get(self.path)
        assert answer.status_code == 200, answer.content
        return answer.content.decode()

    def buttons(self) -> list[str]:
        """What can be pressed."""
        return BUTTONS.findall(self.page())

    def press(self, act: str, **fields: str) -> Any:
        """Press a button, and let the worker work whatever comes of it."""
        token = TOKEN.findall(self.page())[0]
        answer = self.browser.post(self.path, {"act": act, "csrfmiddlewaretoken": token, **fields})
        work_all()
        return answer
