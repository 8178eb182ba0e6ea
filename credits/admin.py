"""What operators see and do: read the ledger, and correct a balance with a reason. Through the services."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from credits import services
from credits.errors import DuplicateEntry, InsufficientCredits
from credits.models import Hold, LedgerEntry, SpendingCap, Wallet
from credits.movements import MOST

CREDITS = "credits"


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Looking is all that is offered."""

    show_full_result_count = False  # a count over the whole ledger is slow

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no: rows come from the services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Say no."""
        return False


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """Every movement."""

    list_display = ("id", "created_at", "user", "kind", "amount", "balance_after", "operation", "reference")
    list_filter = ("kind", "operation", "created_at")
    list_select_related = ("wallet__user",)
    search_fields = ("=key", "=reference", "wallet__user__email")
    ordering = ("-id",)

    @admin.display(description="user")
    def user(self, entry: LedgerEntry) -> str:
        """Whose it is."""
        return str(entry.wallet.user)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """What is set aside, and how it ended."""

    list_display = ("key", "wallet_id", "amount", "captured", "released", "status", "expires_at")
    list_filter = ("status", "operation")
    search_fields = ("=key", "=reference", "wallet__user__email")
    ordering = ("-created_at",)


@admin.register(SpendingCap)
class SpendingCapAdmin(ReadOnlyAdmin):
    """What may be spent in whose name."""

    list_display = ("subject", "limit", "period", "spent", "excess", "window_started_at")
    search_fields = ("=subject",)
    ordering = ("subject",)


class AdjustForm(forms.Form):
    """A correction. The key makes a form that is sent twice count once."""

    amount = forms.IntegerField(
        min_value=-MOST, max_value=MOST, help_text="Credits to add; with a minus, to take away."
    )
    reason = forms.CharField(max_length=500, help_text="Kept for good with the entry, and with your name.")
    key = forms.CharField(max_length=50, widget=forms.HiddenInput)

    def clean_amount(self) -> int:
        """Not nothing."""
        amount: int = self.cleaned_data["amount"]
        if amount == 0:
            raise forms.ValidationError("Nothing would change.")
        return amount


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    """Balances, and the one thing an operator can do to them."""

    list_display = ("user", "balance", "held", "receivable", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-created_at",)
    change_form_template = "admin/credits/wallet/view.html"

    def get_urls(self) -> list[URLPattern]:
        """The page for corrections besides Django's own."""
        adjust = self.admin_site.admin_view(self.adjust)
        return [path("<uuid:user>/adjust/", adjust, name="credits_wallet_adjust"), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the wallet, and the way to correct it to whoever may."""
        context = {**(extra_context or {}), "may_adjust": may_adjust(request)}
        return super().change_view(request, object_id, form_url, context)

    def adjust(self, request: HttpRequest, user: uuid.UUID) -> HttpResponse:
        """Ask for amount and reason, then correct the balance."""
        if not may_adjust(request):
            raise PermissionDenied
        wallet = get_object_or_404(Wallet, pk=user)
        form = AdjustForm(request.POST or None, initial={"key": f"adjust_{uuid.uuid4().hex}"})
        if form.is_valid() and self.correct(request, wallet, form):
            return HttpResponseRedirect(reverse("admin:credits_wallet_change", args=[wallet.pk]))
        context = {**self.admin_site.each_context(request), "opts": self.opts, "wallet": wallet, "form": form}
        return TemplateResponse(
            request, "admin/credits/wallet/adjust.html", {**context, "title": "Adjust a balance"}
        )

    def correct(self, request: HttpRequest, wallet: Wallet, form: AdjustForm) -> bool:
        """Write the correction; False with the reason in the form when the ledger refuses."""
        facts = form.cleaned_data
        try:
            services.adjust(
                wallet.user,
                facts["amount"],
                reason=facts["reason"],
                actor=request.user.get_username(),
                key=facts["key"],
            )
        except InsufficientCredits as refusal:
            form.add_error("amount", str(refusal))
            return False
        except DuplicateEntry:
            messages.warning(request, "This correction had been made already; nothing was changed.")
            return True
        self.log_change(request, wallet, f"Adjusted by {facts['amount']:+d}: {facts['reason']}")
        messages.success(request, f"Adjusted by {facts['amount']:+d} credits.")
        return True


def may_adjust(request: HttpRequest) -> bool:
    """Whether this operator may correct balances: superusers, and who has the permission."""
    return request.user.has_perm("credits.adjust_wallet")
