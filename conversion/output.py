"""A conversion as it is told: the ASIN, how surely, on whose word, and what else it might be."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.utils.module_loading import import_string

from api.renderers import dumps
from conversion import ids
from conversion.services import Found
from conversion.sources import FREE_KINDS, Heard
from providers.base import Answer

MOST_ALTERNATIVES = 10
PLACES = 4  # digits of a probability that are told; it is not known better


def data_of(found: Found, number: UUID, *, is_repeat: bool) -> dict[str, Any]:
    """Return the data of an answer that has an ASIN, as plain JSON."""
    best, *others = found.answer.candidates
    told = {
        "id": ids.shown(number),
        "status": "found",
        "fnsku": found.question.code.normal,
        "asin": best.asin,
        "marketplace": found.question.marketplace,
        "confidence": round(best.probability, PLACES),
        "evidence": [
            _evidence(one, weight) for one, weight in zip(found.heard, found.answer.weights, strict=True)
        ],
        "alternatives": [
            {"asin": one.asin, "confidence": round(one.probability, PLACES)}
            for one in others[:MOST_ALTERNATIVES]
        ],
        "is_conflict": found.answer.is_conflict,
        "verified_marketplace": found.entry.marketplace,
        "is_own": found.is_own,
        "is_repeat": is_repeat,
        "is_asin_already": found.question.code.kind in FREE_KINDS,
        "sample": any(one.source == "sample" for one in found.heard),
        "notes": list(found.question.code.notes),
        "checked_at": found.checked_at,
        "product": _product(found.entry.answer) if found.question.include_product else None,
    }
    plain: dict[str, Any] = orjson.loads(dumps(told))
    return plain


def _evidence(one: Heard, weight: float) -> dict[str, Any]:
    return {
        "source": one.source,
        "asin": one.asin,
        "weight": round(weight, PLACES),
        "observed_at": one.observed_at,
    }


def _product(answer: Answer | None) -> Any:
    """Return a product as a lookup tells it; how, the setting PRODUCT_SHOWN says."""
    if answer is None or answer.product is None:
        return None
    shown: Callable[[Answer], dict[str, Any]] = import_string(settings.PRODUCT_SHOWN)
    return shown(answer)
