"""Inputs and outputs of the calls about API keys."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.caps import PERIODS, Cap
from accounts.keyring import LONGEST_GRACE
from accounts.models import APIKey
from accounts.networks import canonical, in_order
from accounts.scopes import SCOPES
from accounts.serializers import ListQuery, StrictSerializer

MOST_NETWORKS = 50
NETWORK_LENGTH = 50
BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
NETWORK_FORMS = [
    {"format": "ipv4"},
    {"format": "ipv6"},
    {"pattern": rf"^({BYTE}\.){{3}}{BYTE}/(3[0-2]|[12]?[0-9])$"},
    {"pattern": r"^([0-9A-Fa-f]{1,4}:){1,7}:/(12[0-8]|1[01][0-9]|[1-9]?[0-9])$"},
]
HIGHEST_CAP = 10**12  # credits
STATUSES = ("active", "expired", "revoked")
EVERYWHERE = "Addresses and networks (CIDR) it may be used from; empty: anywhere."
ENDS = "When it ends, in RFC 3339; null: when it is revoked."


@extend_schema_field({"type": "string", "maxLength": NETWORK_LENGTH, "anyOf": NETWORK_FORMS})
class NetworkField(serializers.CharField):
    """An IPv4 or IPv6 address, or a network of them; the value is its one spelling."""

    default_error_messages = {"network": "An IP address, or a network such as 203.0.113.0/24."}

    def to_internal_value(self, data: Any) -> str:
        """Return the canonical text."""
        try:
            return canonical(super().to_internal_value(data))
        except ValueError:
            self.fail("network")


class NetworksField(serializers.ListField):
    """A list of networks, each once, in order."""

    child = NetworkField(max_length=NETWORK_LENGTH)

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the networks, in order."""
        return in_order(super().to_internal_value(data))


class FutureField(serializers.DateTimeField):
    """A moment that is still to come, in UTC."""

    default_error_messages = {"past": "This must be in the future."}

    def to_internal_value(self, value: Any) -> datetime:
        """Return the moment."""
        moment: datetime = super().to_internal_value(value).astimezone(UTC)
        if moment <= timezone.now():
            self.fail("past")
        return moment


class CapInput(StrictSerializer):
    """A spending cap: how many credits in each UTC day or month, or in all."""

    limit = serializers.IntegerField(min_value=0, max_value=HIGHEST_CAP)
    period = serializers.ChoiceField(choices=PERIODS)


class KeySettings(StrictSerializer):
    """What of a key its owner sets."""

    name = serializers.CharField(max_length=100, allow_blank=True, required=False)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(SCOPES)),
        min_length=1,
        max_length=len(SCOPES) * 2,
        required=False,
        help_text="What it may be used for; when left out, everything but keys:write.",
    )
    expires_at = FutureField(required=False, allow_null=True, help_text=ENDS)
    cap = CapInput(required=False, allow_null=True, help_text="A spending cap of its own; null: none.")
    allowed_ips = NetworksField(max_length=MOST_NETWORKS, required=False, help_text=EVERYWHERE)

    def validate_name(self, name: str) -> str:
        """Refuse what would not be seen, or would be seen as something else."""
        if not name.isprintable():
            raise serializers.ValidationError("One line of visible characters.", code="not_printable")
        return name

    def validate_scopes(self, scopes: list[str]) -> list[str]:
        """Return each scope once."""
        return sorted(set(scopes))

    def validate_cap(self, cap: dict[str, Any] | None) -> Cap | None:
        """Return the cap in the terms of the services."""
        return Cap(**cap) if cap is not None else None


class KeyChanges(KeySettings):
    """What of a key is to change; what is left out stays."""


class RerollInput(StrictSerializer):
    """How long the old secret goes on working: 0 seconds (it ends at once) to seven days."""

    grace_seconds = serializers.IntegerField(
        min_value=0, max_value=int(LONGEST_GRACE.total_seconds()), default=0
    )

    def validate_grace_seconds(self, seconds: int) -> timedelta:
        """Return the time in the terms of the services."""
        return timedelta(seconds=seconds)


class KeysQuery(ListQuery):
    """Which keys are wanted."""

    status = serializers.ChoiceField(choices=STATUSES, required=False)


class CapOutput(serializers.Serializer[Any]):
    """A spending cap and what was spent of it."""

    limit = serializers.IntegerField()
    period = serializers.ChoiceField(choices=PERIODS)
    spent = serializers.IntegerField(help_text="In this day or month, or in all.")
    resets_at = serializers.DateTimeField(allow_null=True, help_text="When it counts afresh; null: never.")


class KeyOutput(serializers.Serializer[APIKey]):
    """An API key, as its owner may see it."""

    id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    prefix = serializers.CharField(help_text="The part of the key that names it.")
    last_four = serializers.CharField(help_text="The end of the key, to know it by.")
    status = serializers.ChoiceField(choices=STATUSES, help_text="Whether it works, or why not.")
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True, help_text=ENDS)
    cap = serializers.SerializerMethodField()
    allowed_ips = serializers.ListField(child=serializers.CharField(), help_text=EVERYWHERE)
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    revoked_at = serializers.DateTimeField(allow_null=True)
    previous_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then the secret from before the last reroll works as well."
    )

    @extend_schema_field(CapOutput(allow_null=True))
    def get_cap(self, key: APIKey) -> dict[str, Any] | None:
        """Return the figures of the key's cap."""
        figures = self.context["caps"].get(key.pk)
        return dict(CapOutput(figures).data) if figures is not None else None


class KeyAnswer(serializers.Serializer[Any]):
    """One key."""

    data = KeyOutput()  # type: ignore[assignment]  # the name of a property of serializers


class NewKeyOutput(KeyOutput):
    """A key with its secret, which is shown this once and cannot be had again."""

    key = serializers.CharField(help_text="The whole key. Keep it: it is not shown again.")


class NewKeyAnswer(serializers.Serializer[Any]):
    """One key, with its secret."""

    data = NewKeyOutput()  # type: ignore[assignment]  # the name of a property of serializers
