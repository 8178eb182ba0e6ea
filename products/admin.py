"""What operators see of products: everything, and nothing that could be changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

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


@admin.register(Observation)
class ObservationAdmin(ReadOnly):
    """How figures moved."""

    list_display = ("asin", "marketplace", "series", "value", "currency", "provider", "observed_at")
    list_filter = ("marketplace", "provider")
    search_fields = ("=asin",)
    show_full_result_count = False
