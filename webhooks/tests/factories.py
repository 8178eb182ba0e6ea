"""Webhooks, events and deliveries to test with."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from accounts.models import User
from webhooks import services
from webhooks.models import Delivery, Endpoint
from webhooks.sending import Outcome, Sender

URL = "https://hooks.example.com/pallet"
COMPLETED = "job.completed"
DATA = {"job": "job_01M7WFKV43SJVE1JF5CSSDCCV6", "rows": 3}


def an_endpoint(user: User, url: str = URL, **facts: Any) -> Endpoint:
    """A webhook of this user's, told of completed jobs."""
    return services.create_endpoint(user=user, url=url, **{"events": [COMPLETED], **facts})[0]


def a_delivery(endpoint: Endpoint, **data: Any) -> Delivery:
    """A new event on its way to this webhook and the user's others, and this one's delivery."""
    event = services.announce(endpoint.user, COMPLETED, {**DATA, **data}, key=str(uuid4()))
    assert event is not None
    return endpoint.deliveries.get(event=event)


def errors(delivery: Delivery) -> list[str]:
    """How the attempts of a delivery ended, in their order."""
    return list(delivery.attempts.order_by("at", "id").values_list("error", flat=True))


class Dying(Sender):
    """Sends, and dies before anybody hears how it went."""

    def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send, and end the process."""
        Sender.send(self, url, body, headers)
        raise SystemExit
