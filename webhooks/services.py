"""What can be done with webhooks. Every entrance (API, page, admin, other apps) calls these verbs."""

from webhooks.announcing import announce, replay, send_test
from webhooks.endpoints import (
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    own_endpoint,
    rotate_secret,
)

__all__ = [
    "announce",
    "change_endpoint",
    "create_endpoint",
    "delete_endpoint",
    "own_endpoint",
    "replay",
    "rotate_secret",
    "send_test",
]
