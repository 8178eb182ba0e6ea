"""What operators see of webhooks, and may do: switch one off or on, and send a delivery again.

Nobody sees a secret here, and of an address no more than its host: the rest may hold one.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin, operator
from accounts.client_address import client_of
from webhooks import ids, services
from webhooks.errors import WebhookError
from webhooks.models import Attempt, Delivery, Endpoint, Event


class ById(ReadOnlyAdmin):
    """Rows that are found by the id that callers know, as well."""

    prefix = ""

    @admin.display(description="id")
    def shown_id(self, row: Any) -> str:
        """The id as its account sees it."""
        return ids.shown(self.prefix, row.pk)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find a row by its id."""
        try:
            return queryset.filter(pk=ids.read(self.prefix, search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)


@admin.register(Endpoint)
class EndpointAdmin(ById):
    """Who wants to be told, and whether that works."""

    prefix = ids.ENDPOINT
    list_display = (
        "shown_id",
        "user",
        "host",
        "is_enabled",
        "disabled_reason",
        "failing_since",
        "created_at",
    )
    list_filter = ("is_enabled", "disabled_reason")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-created_at",)
    fields = (
        "shown_id",
        "user",
        "host",
        "events",
        "description",
        "is_enabled",
        "disabled_at",
        "disabled_reason",
        "owner_told_at",
        "failing_since",
        "last_delivered_at",
        "previous_until",
        "created_at",
    )
    readonly_fields = ("shown_id", "host")
    actions = ("enable", "disable")

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """Say who may switch webhooks: those with the permission to change them."""
        return request.user.has_perm("webhooks.change_endpoint")

    @admin.display(description="host")
    def host(self, endpoint: Endpoint) -> str:
        """The part of the address that holds no secret."""
        return endpoint.host

    @admin.action(description="Enable", permissions=["switch"])
    def enable(self, request: HttpRequest, chosen: QuerySet[Endpoint]) -> None:
        """Switch these on."""
        self.switch(request, chosen, on=True)

    @admin.action(description="Disable", permissions=["switch"])
    def disable(self, request: HttpRequest, chosen: QuerySet[Endpoint]) -> None:
        """Switch these off."""
        self.switch(request, chosen, on=False)

    def switch(self, request: HttpRequest, chosen: QuerySet[Endpoint], *, on: bool) -> None:
        """Change them one by one, and say how many."""
        for endpoint in chosen.select_related("user"):
            services.change_endpoint(
                user=endpoint.user,
                endpoint_id=endpoint.pk,
                changes={"is_enabled": on},
                by=operator(request),
                client=client_of(request),
            )
        messages.success(request, f"{len(chosen)} {'enabled' if on else 'disabled'}.")


@admin.register(Event)
class EventAdmin(ById):
    """What there was to tell."""

    prefix = ids.EVENT
    list_display = ("shown_id", "type", "user", "created_at")
    list_filter = ("type", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "=key")
    ordering = ("-created_at",)


@admin.register(Delivery)
class DeliveryAdmin(ById):
    """How telling it went."""

    prefix = ids.DELIVERY
    list_display = (
        "shown_id",
        "event",
        "endpoint",
        "status",
        "attempt_count",
        "next_attempt_at",
        "created_at",
    )
    list_filter = ("status", "created_at")
    list_select_related = ("event", "endpoint")
    search_fields = ("endpoint__user__email",)
    ordering = ("-created_at",)
    exclude = ("lease_token",)
    actions = ("replay",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Say who may send again: those with the permission to change deliveries."""
        return request.user.has_perm("webhooks.change_delivery")

    @admin.action(description="Replay", permissions=["replay"])
    def replay(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        """Send these again."""
        refused = sum(not replayed(one) for one in chosen.select_related("endpoint__user"))
        messages.success(request, f"{len(chosen) - refused} replayed.")
        if refused:
            messages.warning(request, f"{refused} not replayed: the webhook is disabled.")


def replayed(delivery: Delivery) -> bool:
    """Send a delivery again; whether that could be."""
    try:
        services.replay(user=delivery.endpoint.user, delivery_id=delivery.pk)
    except WebhookError:
        return False
    return True


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Each request, and how it ended."""

    list_display = ("at", "delivery", "status_code", "seconds", "error")
    list_filter = ("error", "at")
    list_select_related = ("delivery",)
    search_fields = ("delivery__endpoint__user__email",)
    ordering = ("-at",)
