"""What an API key may be used for. The names are data: views state theirs as `scope`, keys hold a list."""

SCOPES: dict[str, str] = {
    "account:read": "Ask whom the key belongs to.",
    "conversion:read": "Check codes, and convert them to ASINs, paid with credits.",
    "conversion:write": "Send, fetch and forget the account's own inventory.",
    "credits:read": "Read balance, history, receipts and what was spent.",
    "credits:write": "Begin purchases of credits.",
    "jobs:read": "Follow bulk jobs and fetch their results.",
    "jobs:write": "Cancel bulk jobs, and send what failed to work again.",
    "keys:write": "List, make, change, reroll and revoke API keys.",
    "products:read": "Look up products, paid with credits, and read their history.",
    "usage:read": "Read the log of calls and how much was used.",
    "webhooks:read": "Read what was sent to the account's webhooks, and how that went.",
    "webhooks:write": "List, make, change, test, replay and delete webhooks.",
}
KEYS_WRITE = "keys:write"


def default_scopes() -> list[str]:
    """Return what a key may do when nothing else is said: everything but managing keys."""
    return [scope for scope in SCOPES if scope != KEYS_WRITE]
