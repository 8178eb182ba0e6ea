"""The reviews that Amazon shows on the product's own page, which come with the product. Pure."""

from collections.abc import Mapping
from typing import Any

from providers.base import ReviewData
from providers.rainforest.wire import moment
from providers.reading import at, flag, objects, stars, whole
from providers.text import line, paragraphs

READ_MORE = ("Read more", "En lire plus")  # the button under a long review, read as if it belonged to it


def reviews(raw: Mapping[str, Any]) -> tuple[ReviewData, ...] | None:
    """Return the reviews in the page's order, None when it does not say; raises Unbelievable."""
    listed = objects(raw.get("top_reviews"))
    return None if listed is None else tuple(map(_review, listed))


def _review(review: Mapping[str, Any]) -> ReviewData:
    return ReviewData(
        rating=stars(review.get("rating")),
        title=line(review.get("title")),
        body=_body(review.get("body")),
        author=line(at(review, "profile", "name")),
        is_verified=flag(review.get("verified_purchase")),
        helpful_count=whole(review.get("helpful_votes")),
        reviewed_at=moment(review.get("date")),
    )


def _body(value: object) -> str | None:
    body = paragraphs(value) or ""
    for button in READ_MORE:
        body = body.removesuffix(button)
    return body.rstrip() or None
