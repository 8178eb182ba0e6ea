"""What an account says of an answer: it refunds what was wrong, and teaches. See `docs/feedback.md`."""

from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.audit import record
from accounts.models import User
from conversion import pairs, refunding, teaching
from conversion.errors import FeedbackGiven, NothingWithheld, NotToBeJudged, SameASIN, UnknownConversion
from conversion.models import Conversion, Feedback
from conversion.reliability import CONFIRMED, REJECTED, trust
from conversion.standing import record_of

Refund, Withheld = Feedback.Refund, Feedback.Withheld


@transaction.atomic
def give_feedback(*, user: User, conversion_id: UUID, is_correct: bool, asin: str | None = None) -> Feedback:
    """Confirm an answer, or reject it and perhaps say what it is instead (`asin`, in its normal form).

    A wrong answer that was paid is refunded in the same transaction, or the refund is withheld. Raises
    UnknownConversion, NotToBeJudged, SameASIN, FeedbackGiven; ValueError for an `asin` beside a right answer.
    """
    if asin and is_correct:
        raise ValueError("a right answer is not corrected")
    _one_at_a_time(user)
    conversion = _to_judge(user, conversion_id)
    if asin == conversion.asin:
        raise SameASIN(asin)
    feedback = Feedback(
        conversion=conversion,
        is_correct=is_correct,
        asin=asin or "",
        is_private=pairs.is_private(conversion),
        **_belief(user, conversion, is_correct=is_correct),
    )
    if not is_correct and conversion.charge:
        _refund(user, feedback)
    feedback.save(force_insert=True)
    right = conversion.asin if is_correct else feedback.asin
    pairs.remember(user, conversion, right)
    pairs.share(conversion.code)
    teaching.teach(conversion, asin=right, weight=feedback.weight)
    return feedback


@transaction.atomic
def give_withheld(*, feedback: Feedback, actor: User, reason: str) -> Feedback:
    """Give a refund that was withheld: an operator has looked at it. Raises NothingWithheld, ValueError."""
    if not reason.strip():
        raise ValueError("who gives a refund says why")
    _one_at_a_time(feedback.conversion.user)
    row: Feedback = Feedback.objects.select_related("conversion__user").get(pk=feedback.pk)
    if row.refund != Refund.WITHHELD:
        raise NothingWithheld
    row.refunded = refunding.give_back(row.conversion, reason=reason.strip(), actor=actor.get_username())
    row.refund = Refund.GIVEN if row.refunded else Refund.NONE
    row.save(update_fields=["refund", "refunded"])
    record(actor, "feedback:refund", row, reason=reason.strip(), credits=row.refunded)
    return row


def _one_at_a_time(user: User) -> None:
    """Wait for the same account's feedback that is under way, so that limits and records are exact."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def _to_judge(user: User, conversion_id: UUID) -> Conversion:
    """Return the account's conversion, if it is one that can be judged now."""
    own = Conversion.objects.for_user(user).select_related("feedback")
    conversion: Conversion | None = own.filter(pk=conversion_id).first()
    if conversion is None:
        raise UnknownConversion
    if conversion.status != Conversion.Status.FOUND:
        raise NotToBeJudged
    if hasattr(conversion, "feedback"):
        raise FeedbackGiven
    return conversion


def _belief(user: User, conversion: Conversion, *, is_correct: bool) -> dict[str, float | bool]:
    """Return whether the account is believed, and how much its word moves the counts: once for each pair."""
    fared = record_of(user)
    is_believed = fared.is_believed(settings.FEEDBACK["contradicted_rejections"])
    said = Feedback.objects.by(user).filter(
        conversion__code=conversion.code, conversion__asin=conversion.asin
    )
    if not is_believed or said.exists():
        return {"is_believed": is_believed, "weight": 0.0}
    kind = CONFIRMED if is_correct else REJECTED
    return {"is_believed": True, "weight": kind * trust(fared.borne_out, fared.contradicted)}


def _refund(user: User, feedback: Feedback) -> None:
    """Give back what the wrong answer cost, or say why not."""
    if not feedback.is_believed:
        feedback.refund, feedback.withheld = Refund.WITHHELD, Withheld.CONTRADICTED
    elif not refunding.is_within_limit(user, feedback.conversion):
        feedback.refund, feedback.withheld = Refund.WITHHELD, Withheld.LIMIT
    else:
        feedback.refunded = refunding.give_back(feedback.conversion, reason="feedback")
        feedback.refund = Refund.GIVEN if feedback.refunded else Refund.NONE
