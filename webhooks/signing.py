"""Signatures after Standard Webhooks 1.0: secrets, how they are kept, and the headers they make."""

import base64
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from api.sealing import seal_for

MARK = "whsec_"
SECRET_BYTES = 32


def new_secret() -> bytes:
    """Return a fresh secret."""
    return secrets.token_bytes(SECRET_BYTES)


def shown(secret: bytes) -> str:
    """Return a secret as its owner gets it: once."""
    return MARK + base64.b64encode(secret).decode()


def sealed(endpoint_id: UUID, secret: bytes) -> bytes:
    """Return a secret as the database may hold it, good for this endpoint alone."""
    return seal_for("webhook", str(endpoint_id)).close(secret)


def opened(endpoint_id: UUID, kept: bytes | memoryview) -> bytes:
    """Return a secret that was sealed. Raises InvalidTag when it was for another endpoint or SECRET_KEY."""
    return seal_for("webhook", str(endpoint_id)).open(bytes(kept))


def headers(event_id: str, at: datetime, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """Return the three headers of one attempt, signed with each of the secrets."""
    timestamp = str(int(at.timestamp()))
    content = b".".join([event_id.encode(), timestamp.encode(), body])
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signature(key, content) for key in keys),
    }


def signature(key: bytes, content: bytes) -> str:
    """Return one signature with its version."""
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()
