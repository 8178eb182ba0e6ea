"""Fields of queries that several calls share."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from api.ids import uuid_of

A_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@extend_schema_field({"anyOf": [{"type": "string", "format": form} for form in ("date", "date-time")]})
class MomentField(serializers.Field[datetime, str, str, Any]):
    """A moment in RFC 3339, or a date: then its first moment in UTC, or with `is_end` the last."""

    default_error_messages = {"invalid": "A date (2026-11-20) or a time in RFC 3339 (2026-11-20T08:00:00Z)."}

    def __init__(self, *, is_end: bool = False, **kwargs: Any) -> None:
        self.is_end = is_end
        super().__init__(**kwargs)

    def to_internal_value(self, data: str) -> datetime:
        """Return the moment, in UTC."""
        try:
            moment = datetime.fromisoformat(data)
            if A_DATE.fullmatch(data):
                return moment.replace(tzinfo=UTC) + timedelta(days=self.is_end)
            if moment.tzinfo is None:
                self.fail("invalid")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")


class DayField(serializers.DateField):
    """A day, written like 2026-11-20."""

    def to_internal_value(self, data: Any) -> date:
        """Return the day."""
        if not A_DATE.fullmatch(str(data)):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)


class ReadField(serializers.CharField):
    """A text whose value is what a function makes of it; the function's ValueError says what is wrong."""

    def __init__(self, read: Callable[[str], Any], *, code: str, **kwargs: Any) -> None:
        self.read, self.code = read, code
        super().__init__(**kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        """Return what the function makes of the text, once that is known to be one and not too long."""
        text = super().run_validation(data)
        try:
            return text if text is None else self.read(text)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code=self.code) from None


@extend_schema_field({"type": "string", "pattern": "^req_[0-7][0-9A-HJKMNP-TV-Z]{25}$"})
class RequestIdField(serializers.CharField):
    """The id of a request; its value is the UUID of the same bits."""

    default_error_messages = {"invalid": "A request id is 'req_' and 26 characters."}

    def to_internal_value(self, data: Any) -> UUID:  # type: ignore[override]  # narrower than its base's text
        """Return the UUID."""
        try:
            return uuid_of(super().to_internal_value(data))
        except ValueError:
            self.fail("invalid")
