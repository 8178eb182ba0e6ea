"""What a lookup says about its price: in the headers of the answer, and in the ledger for the receipt."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from accounts.authentication import Credential
from credits.services import Payment
from products import services
from products.shapes import FRESHNESS
from providers.base import Answer, Freshness, Part


def note(answer: Answer, asked: frozenset[Part], credential: Credential) -> Mapping[str, Any]:
    """Return what the ledger keeps with the charge: the rule, and what was delivered."""
    kept = answer.kept
    return {
        "rule": services.rule(asked & answer.parts),
        "asin": kept.asin,
        "marketplace": kept.marketplace,
        "parts": sorted(asked & answer.parts),
        "freshness": FRESHNESS[answer.freshness],
        "age_seconds": answer.age,
        "providers": kept.providers,
        **({"key": str(credential.id)} if credential.kind == "key" else {}),
    }


def headers(answer: Answer, due: Payment, key: str) -> dict[str, str]:
    """Return what a finished payment took, how old the answer is, and how long the caller may keep it."""
    age = answer.age
    left = settings.PRODUCT_FRESH_SECONDS - age
    is_fresh = left > 0 and answer.freshness is not Freshness.STALE
    told = {
        "Age": str(age),
        "Cache-Control": f"private, max-age={left}" if is_fresh else "private, no-cache",
        "X-Credits-Charged": str(due.charged),
    }
    if due.available is not None:
        told["X-Credits-Remaining"] = str(due.available)
    if due.charged:
        told["X-Charge-Id"] = key
    return told
