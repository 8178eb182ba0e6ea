"""What operators see of conversions, and the one thing they do: give a refund that was withheld.

Operators run the install, its database included, so accounts' own pairs are shown to them too. Nobody can
change one here.
"""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.models import User
from conversion.errors import NothingWithheld
from conversion.feedback import give_withheld
from conversion.ids import read, shown
from conversion.models import Conversion, Feedback, Mapping, Share
from conversion.reliability import Beta
from conversion.starts import start
from credits.admin import ReadOnlyAdmin


@admin.register(Conversion)
class ConversionAdmin(ReadOnlyAdmin):
    """What was asked, answered and paid."""

    list_display = ("shown_id", "created_at", "user", "status", "code", "asin", "confidence", "credits")
    list_filter = ("status", "marketplace", "is_own", "created_at")
    list_select_related = ("user",)
    search_fields = ("=code", "=asin", "=charge", "user__email")
    ordering = ("-created_at",)

    @admin.display(description="id")
    def shown_id(self, row: Conversion) -> str:
        """The id as its account sees it."""
        return shown(row.pk)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find a conversion by its id as well."""
        try:
            return queryset.filter(pk=read(search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)


@admin.register(Mapping)
class MappingAdmin(ReadOnlyAdmin):
    """Who claims that a code means an ASIN; with an owner it is that account's alone."""

    list_display = ("code", "asin", "source", "owner", "marketplace", "is_archived", "observed_at")
    list_filter = ("source", ("owner", admin.EmptyFieldListFilter), "is_archived")
    list_select_related = ("owner",)
    search_fields = ("=code", "=asin", "owner__email")
    ordering = ("-id",)


@admin.register(Share)
class ShareAdmin(ReadOnlyAdmin):
    """What feedback has taught, beside what was believed before."""

    list_display = ("name", "share", "at_start", "yes", "no", "updated_at")
    search_fields = ("name",)
    ordering = ("name",)

    @admin.display(description="share")
    def share(self, row: Share) -> str:
        """How often it is so by now."""
        return f"{Beta(row.yes, row.no).mean:.3f}"

    @admin.display(description="at the start")
    def at_start(self, row: Share) -> str:
        """How often it was taken to be so before any feedback."""
        return f"{start(row.name).mean:.3f}"


class RefundForm(forms.Form):
    """Why a refund is given after all."""

    reason = forms.CharField(max_length=500, help_text="Kept for good with the refund, and with your name.")


@admin.register(Feedback)
class FeedbackAdmin(ReadOnlyAdmin):
    """What accounts say of answers, and the refunds that wait for an operator."""

    list_display = (
        "created_at",
        "user",
        "code",
        "answered",
        "is_correct",
        "asin",
        "weight",
        "refund",
        "withheld",
        "refunded",
    )
    list_filter = ("refund", "withheld", "is_correct", "is_believed", "is_private", "created_at")
    list_select_related = ("conversion__user",)
    search_fields = ("=conversion__code", "=conversion__asin", "conversion__user__email")
    ordering = ("-created_at",)
    change_form_template = "admin/conversion/feedback/view.html"

    @admin.display(description="account")
    def user(self, row: Feedback) -> str:
        """Who said it."""
        return str(row.conversion.user)

    @admin.display(description="code")
    def code(self, row: Feedback) -> str:
        """What was asked about."""
        return str(row.conversion.code)

    @admin.display(description="answered")
    def answered(self, row: Feedback) -> str:
        """The ASIN that was answered."""
        return str(row.conversion.asin)

    def get_urls(self) -> list[URLPattern]:
        """The page that gives a refund besides Django's own."""
        give = self.admin_site.admin_view(self.give)
        return [
            path("<uuid:conversion>/refund/", give, name="conversion_feedback_refund"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the feedback, and the way to its refund to whoever may give it."""
        row = self.get_object(request, object_id)
        may_give = row is not None and row.refund == Feedback.Refund.WITHHELD and may_refund(request)
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "may_give": may_give}
        )

    def give(self, request: HttpRequest, conversion: Any) -> HttpResponse:
        """Ask for the reason, then give the refund."""
        if not may_refund(request):
            raise PermissionDenied
        row = get_object_or_404(Feedback.objects.select_related("conversion__user"), pk=conversion)
        form = RefundForm(request.POST or None)
        if form.is_valid():
            self.refund(request, row, form.cleaned_data["reason"])
            return HttpResponseRedirect(reverse("admin:conversion_feedback_change", args=[row.pk]))
        context = {**self.admin_site.each_context(request), "opts": self.opts, "feedback": row, "form": form}
        return TemplateResponse(
            request, "admin/conversion/feedback/refund.html", {**context, "title": "Give a withheld refund"}
        )

    def refund(self, request: HttpRequest, row: Feedback, reason: str) -> None:
        """Give it, and say what happened."""
        try:
            given = give_withheld(feedback=row, actor=cast(User, request.user), reason=reason)
        except NothingWithheld as refusal:
            messages.warning(request, f"{refusal} Nothing was changed.")
            return
        self.log_change(request, row, f"Refunded {given.refunded}: {reason}")
        messages.success(request, f"Refunded {given.refunded} credits.")


def may_refund(request: HttpRequest) -> bool:
    """Whether this operator may give refunds: superusers, and who has the permission."""
    return request.user.has_perm("conversion.give_refund")
