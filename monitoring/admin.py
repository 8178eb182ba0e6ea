"""What operators see of calls to upstreams; they change none."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin
from api.admin import CountsSome
from monitoring.models import UpstreamCall
from monitoring.querysets import OK
from providers.errors import ErrorClass
from providers.registry import providers

Choices = list[tuple[Any, str]]


class ProviderFilter(admin.SimpleListFilter):
    """By upstream, of those that are configured: to list those that occur would be to look at all calls."""

    title = parameter_name = "provider"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Model]") -> Choices:
        """Return the choices."""
        return [(name, name) for name in dict.fromkeys(provider.name for provider in providers())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        """Return the calls of the one that was chosen."""
        return queryset.filter(provider=self.value()) if self.value() else queryset


class OutcomeFilter(admin.SimpleListFilter):
    """By how it ended."""

    title = parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Model]") -> Choices:
        """Return the choices."""
        return [(outcome, outcome) for outcome in (OK, *map(str, ErrorClass))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        """Return the calls that ended so."""
        return queryset.filter(outcome=self.value()) if self.value() else queryset


@admin.register(UpstreamCall)
class UpstreamCallAdmin(ReadOnlyAdmin):
    """Calls, newest first."""

    list_display = (
        "at",
        "provider",
        "credential",
        "operation",
        "marketplace",
        "outcome",
        "status",
        "ms",
        "cost",
        "delivered",
    )
    ordering = ("-id",)
    sortable_by = ()
    list_filter = (ProviderFilter, OutcomeFilter)
    show_full_result_count = False
    paginator = CountsSome

    @admin.display(description="ms")
    def ms(self, call: UpstreamCall) -> str:
        """How long it took."""
        return f"{call.duration_us / 1000:.1f}"
