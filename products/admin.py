"""What operators see of products: everything. They can change none of it, but have an answer forgotten."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.client_address import client_of
from accounts.models import User
from products import services
from products.models import Observation, Product


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Facts said by upstreams are not ours to edit."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False


@admin.register(Product)
class ProductAdmin(ReadOnly):
    """The last answer for each ASIN and marketplace."""

    list_display = ("asin", "marketplace", "title", "providers", "fetched_at", "is_not_found", "is_sample")
    list_filter = ("marketplace", "is_not_found", "is_sample")
    search_fields = ("=asin",)
    show_full_result_count = False
    actions = ("forget",)

    @admin.action(
        description="Forget these answers: the next lookup asks an upstream", permissions=["forget"]
    )
    def forget(self, request: HttpRequest, chosen: QuerySet[Product]) -> None:
        """Let nobody have the last answers again; the history stays."""
        operator = cast(User, request.user)
        pairs = list(chosen.values_list("asin", "marketplace"))
        for asin, marketplace in pairs:
            services.forget(asin=asin, marketplace=marketplace, by=operator, client=client_of(request))
        self.message_user(request, f"{len(pairs)} forgotten; the next lookups ask an upstream.")

    def has_forget_permission(self, request: HttpRequest) -> bool:
        """Whoever sees them is an operator, and may, as in the API."""
        return bool(request.user.is_staff)


@admin.register(Observation)
class ObservationAdmin(ReadOnly):
    """How figures moved."""

    list_display = ("asin", "marketplace", "series", "value", "currency", "provider", "observed_at")
    list_filter = ("marketplace", "provider")
    search_fields = ("=asin",)
    show_full_result_count = False
