"""What the calls about webhooks take and give."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import ListQuery, StrictSerializer
from api.fields import ReadField
from webhooks import ids, targets
from webhooks.events import EVENTS
from webhooks.models import Attempt, Delivery, Endpoint

STATUSES = tuple(Delivery.Status.values)
REASONS = tuple(Endpoint.Reason.values)


def looks(prefix: str) -> dict[str, str]:
    """Describe ids with this prefix."""
    return {"type": "string", "pattern": f"^{prefix}[0-7][0-9A-HJKMNP-TV-Z]{{25}}$"}


class IdField(serializers.UUIDField):
    """An id in the form in which callers see it."""

    prefix = ""

    def to_representation(self, value: Any) -> str:
        """Return the prefix and the 26 characters."""
        return ids.shown(self.prefix, value)


@extend_schema_field(looks(ids.ENDPOINT))
class EndpointIdField(IdField):
    """The id of a webhook."""

    prefix = ids.ENDPOINT


@extend_schema_field(looks(ids.EVENT))
class EventIdField(IdField):
    """The id of an event."""

    prefix = ids.EVENT


@extend_schema_field(looks(ids.DELIVERY))
class DeliveryIdField(IdField):
    """The id of a delivery."""

    prefix = ids.DELIVERY


def spelled(url: str) -> str:
    """Return a URL in its one spelling. Raises ValueError."""
    return targets.read(url).url


class EndpointChanges(StrictSerializer):
    """What of a webhook is to change; what is left out stays."""

    url = ReadField(
        spelled,
        code="url_refused",
        max_length=targets.LONGEST,
        required=False,
        help_text="Where events are sent: https://, on the public internet, port 443, 8443 or 80.",
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(EVENTS)),
        min_length=1,
        max_length=len(EVENTS) * 2,
        required=False,
        help_text="What it is told of.",
    )
    description = serializers.CharField(max_length=200, allow_blank=True, required=False)
    enabled = serializers.BooleanField(
        source="is_enabled", required=False, help_text="A disabled webhook is sent nothing."
    )


class NewEndpoint(StrictSerializer):
    """A new webhook."""

    url = ReadField(
        spelled,
        code="url_refused",
        max_length=targets.LONGEST,
        help_text="Where events are sent: https://, on the public internet, port 443, 8443 or 80.",
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(EVENTS)),
        min_length=1,
        max_length=len(EVENTS) * 2,
        help_text="What it is told of.",
    )
    description = serializers.CharField(max_length=200, allow_blank=True, default="")


class EndpointOutput(serializers.ModelSerializer[Endpoint]):
    """A webhook, as its owner may see it."""

    id = EndpointIdField()
    events = serializers.ListField(child=serializers.CharField())
    enabled = serializers.BooleanField(source="is_enabled")
    disabled_reason = serializers.SerializerMethodField(help_text="Who or what disabled it.")
    failing_since = serializers.DateTimeField(
        allow_null=True, help_text="The first failure after the last success."
    )
    previous_secret_until = serializers.DateTimeField(
        source="previous_until",
        allow_null=True,
        help_text="Until then the secret from before the last rotation signs as well.",
    )

    class Meta:
        model = Endpoint
        fields = (
            "id",
            "url",
            "events",
            "description",
            "enabled",
            "disabled_at",
            "disabled_reason",
            "failing_since",
            "last_delivered_at",
            "previous_secret_until",
            "created_at",
        )

    @extend_schema_field(serializers.ChoiceField(choices=REASONS, allow_null=True))
    def get_disabled_reason(self, endpoint: Endpoint) -> str | None:
        """Return why it is disabled, null while it is not."""
        return endpoint.disabled_reason or None


class EndpointAnswer(serializers.Serializer[Any]):
    """One webhook."""

    data = EndpointOutput()  # type: ignore[assignment]  # the name of a property of serializers


class NewEndpointOutput(EndpointOutput):
    """A webhook with its secret, which is shown this once and cannot be had again."""

    secret = serializers.CharField(help_text="What signatures are checked with. It is not shown again.")

    class Meta(EndpointOutput.Meta):
        fields = ("secret", *EndpointOutput.Meta.fields)  # type: ignore[assignment]  # one longer


class NewEndpointAnswer(serializers.Serializer[Any]):
    """One webhook, with its secret."""

    data = NewEndpointOutput()  # type: ignore[assignment]  # the name of a property of serializers


class AttemptOutput(serializers.ModelSerializer[Attempt]):
    """One request, and how it ended."""

    status_code = serializers.IntegerField(allow_null=True, help_text="Null: there was no answer.")
    seconds = serializers.FloatField(allow_null=True)
    error = serializers.CharField(allow_blank=True, help_text="A word for what went wrong; empty: nothing.")

    class Meta:
        model = Attempt
        fields = ("at", "status_code", "seconds", "error")


class DeliveryOutput(serializers.ModelSerializer[Delivery]):
    """One event on its way to one webhook."""

    id = DeliveryIdField()
    event_id = EventIdField(help_text="The `webhook-id` of each of its requests.")
    type = serializers.CharField(source="event.type")
    status = serializers.ChoiceField(choices=STATUSES)
    attempt_count = serializers.IntegerField(help_text="Since it was sent, or replayed.")
    attempts = AttemptOutput(many=True, source="newest_attempts", help_text="The newest 20, newest first.")

    class Meta:
        model = Delivery
        fields = (
            "id",
            "event_id",
            "type",
            "status",
            "attempt_count",
            "next_attempt_at",
            "created_at",
            "attempts",
        )


class DeliveryAnswer(serializers.Serializer[Any]):
    """One delivery."""

    data = DeliveryOutput()  # type: ignore[assignment]  # the name of a property of serializers


class DeliveriesQuery(ListQuery):
    """Which deliveries are wanted."""

    status = serializers.ChoiceField(choices=STATUSES, required=False)
