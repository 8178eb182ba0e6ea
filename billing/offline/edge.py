"""Where calls to Stripe end while the stand-in is on: in this process, and nowhere in the network."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import stripe

from billing.offline.answers import answer
from billing.offline.delivery import NotDelivered, deliver
from billing.offline.notation import decoded


class OfflineEdge(stripe.HTTPClient):
    """What Stripe's SDK sends its calls through."""

    name = "offline"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Answer one call: body, status, headers."""
        address = urlsplit(url)
        form = decoded(post_data or "" if method == "post" else address.query)
        key = (headers or {}).get("Idempotency-Key")
        status, body, events = answer(method, address.path, form, key)
        with suppress(NotDelivered):  # what has happened is told by the answer as well
            deliver(events)
        return json.dumps(body), status, {"Request-Id": "req_offline"}

    def close(self) -> None:
        """There is nothing to close."""
