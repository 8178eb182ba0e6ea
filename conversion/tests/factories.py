"""Conversions to test with, paid for as the API would."""

from typing import Any
from uuid import UUID

import factory
from factory.django import DjangoModelFactory

from accounts.models import User
from api.ids import new_request_id, uuid_of
from conversion.feedback import give_feedback
from conversion.ids import PREFIX, shown
from conversion.models import Conversion, Feedback, Purchase
from credits.services import charge

CODE, OTHER_CODE = "X0001ABCDE", "X0002ABCDE"
ASIN, OTHER_ASIN, THIRD_ASIN = "B07ZPKCJ6X", "B08N5WRWNW", "B09B8V1LZ3"
RESOLVER = "fnskutoasin"


def new_id() -> UUID:
    """An id as the API makes them."""
    return uuid_of(new_request_id())


def heard(asin: str, *sources: str) -> dict[str, Any]:
    """What an answer is made of that these sources agree on."""
    claims = [{"source": name, "asin": asin, "origin": "", "age_days": 3.2} for name in sources]
    return {"claims": claims, "facts": {asin: {"catalog": "found", "title": None, "condition": None}}}


class ConversionFactory(DjangoModelFactory):  # type: ignore[type-arg]  # not generic when it runs
    """An answer of the resolver, free unless it says what it cost."""

    class Meta:
        model = Conversion

    id = factory.declarations.LazyFunction(new_id)  # type: ignore[no-untyped-call]
    status = Conversion.Status.FOUND
    code = CODE
    marketplace = "US"
    asked = factory.declarations.LazyFunction(dict)  # type: ignore[no-untyped-call]
    asin = ASIN
    confidence = 0.85
    heard = factory.declarations.LazyAttribute(  # type: ignore[no-untyped-call]
        lambda row: heard(row.asin, RESOLVER)
    )


def an_answer(user: User, *, credits: int = 2, **facts: Any) -> Conversion:
    """An answer that this user was given, and has paid for unless it was free."""
    facts = {"user": user, **facts}
    if credits:
        number = new_id()
        facts |= {"credits": credits, "charge": f"chg_{shown(number).removeprefix(PREFIX)}"}
        charge(user, credits, operation="conversion.fnsku", key=facts["charge"])
    row: Conversion = ConversionFactory.create(**facts)
    if credits:
        pair: dict[str, Any] = {"user": user, "code": row.code, "asin": row.asin}
        Purchase.objects.update_or_create(**pair, defaults={"charge": row.charge})
    return row


def right(row: Conversion) -> Feedback:
    """Say that the answer is right."""
    return give_feedback(user=row.user, conversion_id=row.pk, is_correct=True)


def wrong(row: Conversion, asin: str | None = None) -> Feedback:
    """Say that the answer is wrong, and perhaps what it is instead."""
    return give_feedback(user=row.user, conversion_id=row.pk, is_correct=False, asin=asin)
