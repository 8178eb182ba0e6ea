"""Inputs and outputs of this app's calls, and the strictness that all inputs of the API share."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import get_error_detail

from accounts.emails import MAX_LENGTH, normalise_email
from accounts.errors import InvalidEmail
from accounts.models import User

PASSWORD_LENGTH = 128
DIGITS = re.compile(r"-?[0-9]{1,20}")
MOST_PROBLEMS = 100  # told of one input: a million bytes of unknown names would make ten million of answer

# What a field takes in JSON, and what that is called. DRF itself also takes 1 for "1" and "yes" for true.
JSON_TYPES: tuple[
    tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], ...], tuple[type, ...], str], ...
] = (
    ((serializers.MultipleChoiceField,), (list,), "a list"),
    ((serializers.BooleanField,), (bool,), "true or false"),
    ((serializers.IntegerField,), (int,), "a whole number"),
    ((serializers.FloatField,), (int, float), "a number"),
    ((serializers.CharField, serializers.ChoiceField, serializers.UUIDField), (str,), "a text"),
)


class StrictSerializer(serializers.Serializer[Any]):
    """An input that refuses what it does not know.

    Unknown fields (code `unknown_field`), and values of another JSON type than the field's (code
    `invalid`): no number for a text, no text for a number. NUL characters, null and what is no object DRF's
    fields refuse. With `strict_types = False` (query strings, where all is text) the names are checked, and
    that numbers are written in digits.
    """

    strict_types = True

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the validated input. Raises DRF's ValidationError, also for a name that a query repeats."""
        if isinstance(data, MultiValueDict):
            twice = [name for name, values in data.lists() if len(values) > 1][:MOST_PROBLEMS]
            if twice:
                why = [ErrorDetail("This is given more than once.", code="invalid")]
                raise serializers.ValidationError(dict.fromkeys(twice, why))
            data = data.dict()
        if isinstance(data, Mapping):
            problems = dict(islice(self.problems(data), MOST_PROBLEMS))
            if problems:
                raise serializers.ValidationError(problems)
        return dict(super().to_internal_value(data))

    def problems(self, data: Mapping[str, Any]) -> Iterator[tuple[str, list[ErrorDetail]]]:
        """Yield each field that is unknown or of a wrong type."""
        known = {name for name, field in self.fields.items() if not field.read_only}
        for name in data:
            if name not in known:
                yield name, [ErrorDetail("There is no such field here.", code="unknown_field")]
            elif most := too_long(self.fields[name], data[name]):
                yield name, [ErrorDetail(f"At most {most} elements.", code="max_length")]
            elif not self.strict_types and not is_plain(self.fields[name], data[name]):
                yield name, [ErrorDetail("A valid integer is required.", code="invalid")]
            elif self.strict_types and (expected := wrong_type(self.fields[name], data[name])):
                yield name, [ErrorDetail(f"This must be {expected}.", code="invalid")]


def too_long(field: serializers.Field[Any, Any, Any, Any], value: Any) -> int | None:
    """Return how many elements a list may have that has more; DRF would look at each of them first."""
    most: int | None = (
        getattr(field, "max_length", None) if isinstance(field, serializers.ListField) else None
    )
    return most if most is not None and isinstance(value, list) and len(value) > most else None


def is_plain(field: serializers.Field[Any, Any, Any, Any], value: Any) -> bool:
    """Say whether a text is no way to write a number that only Python reads, such as 1_000 or +5."""
    return not isinstance(field, serializers.IntegerField) or DIGITS.fullmatch(str(value)) is not None


def wrong_type(field: serializers.Field[Any, Any, Any, Any], value: Any) -> str:
    """Return what the field takes in JSON when the value is something else, "" when it is right (or null)."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        inner = next((wrong for item in value if (wrong := wrong_type(field.child, item))), "")
        return inner and f"a list in which each is {inner}"
    for fields, types, name in JSON_TYPES:
        if isinstance(field, fields) and value is not None:
            fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
            is_whole = int in types and isinstance(value, float) and value.is_integer()  # in JSON 5.0 is 5
            return "" if fits or is_whole else name
    return ""


class AddressField(serializers.EmailField):
    """An e-mail address in any spelling; the value is the normal one."""

    def to_internal_value(self, data: Any) -> str:
        """Return the address as it is stored."""
        try:
            return normalise_email(super().to_internal_value(data))
        except InvalidEmail:
            self.fail("invalid")


class Credentials(StrictSerializer):
    """E-mail address and password. Spaces around the address are mended; in a password they count."""

    email = AddressField(max_length=MAX_LENGTH)
    password = serializers.CharField(
        max_length=PASSWORD_LENGTH, trim_whitespace=False, write_only=True, style={"input_type": "password"}
    )


class NewCredentials(Credentials):
    """Credentials of a new account: the password must also be a good one."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the password against settings.AUTH_PASSWORD_VALIDATORS."""
        try:
            validate_password(attrs["password"], User(email=attrs["email"]))
        except DjangoValidationError as error:
            raise serializers.ValidationError({"password": get_error_detail(error)}) from None
        return attrs


class RefreshInput(StrictSerializer):
    """The refresh token of the last answer."""

    refresh_token = serializers.CharField(max_length=4096, write_only=True)


class VerifyInput(StrictSerializer):
    """The token of the verification mail."""

    token = serializers.CharField(max_length=1024, write_only=True)


class NoInput(StrictSerializer):
    """A call that takes nothing."""


@extend_schema_serializer(exclude_fields=("limit", "after"))
class ListQuery(StrictSerializer):
    """The query of a list. `limit` and `after` belong to the pagination, which reads and describes them."""

    strict_types = False
    limit = serializers.CharField(required=False)
    after = serializers.CharField(required=False)


class UserOutput(serializers.Serializer[User]):
    """A user, as the user may see them."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    created_at = serializers.DateTimeField(source="date_joined")


class MeOutput(serializers.Serializer[Any]):
    """Who is calling."""

    user = UserOutput()


class SignedInOutput(serializers.Serializer[Any]):
    """A user and the tokens of a session. `expires_in`: seconds until the access token ends."""

    user = UserOutput()
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()


class MailSentOutput(serializers.Serializer[Any]):
    """What everybody is told whose address must be verified."""

    message = serializers.CharField()


class Nothing(serializers.Serializer[Any]):
    """An answer that has nothing to say but that it went well."""
