"""What operators see of money, and what they do: let an event be worked, or a mail be sent, once more.

Stripe's own objects are beside this, under dj-stripe; money itself is moved in Stripe's Dashboard only.
"""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import operator
from accounts.audit import record
from billing import inbox, mails, settling
from billing.models import AutoTopUp, CreditOrder, PaymentMail, StripeCustomer, StripeInbox
from billing.tasks import soon, work_event
from credits.admin import ReadOnlyAdmin


@admin.register(CreditOrder)
class CreditOrderAdmin(ReadOnlyAdmin):
    """What was ordered, paid and given back. `problem`: a person has to look."""

    list_display = (
        "created_at",
        "user",
        "package",
        "credits",
        "amount",
        "currency",
        "status",
        "problem",
        "refunded_credits",
        "disputed_credits",
        "dispute_status",
    )
    list_filter = ("status", "problem", "kind", "package", "livemode", "created_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=session_id", "=payment_intent_id", "=charge_id", "user__email")
    ordering = ("-created_at",)
    actions = ("close_problem",)

    def has_close_permission(self, request: HttpRequest) -> bool:
        """Whether this operator may do that: superusers, and who has the permission."""
        return request.user.has_perm("billing.close_problem")

    @admin.action(description="The problem is dealt with", permissions=["close"])
    def close_problem(self, request: HttpRequest, rows: QuerySet[CreditOrder]) -> None:
        """Take the marks away; automatic top-ups that were held up by it have failed."""
        closed = [order for order in rows if settling.close_problem(order.pk)]
        for order in closed:
            record(operator(request), "credit_order:close_problem", order, was=order.problem)
        messages.success(request, f"{len(closed)} closed.")


@admin.register(AutoTopUp)
class AutoTopUpAdmin(ReadOnlyAdmin):
    """What accounts have agreed to have bought automatically, and why that is off where it is."""

    list_display = (
        "user",
        "is_on",
        "threshold",
        "package",
        "amount",
        "currency",
        "monthly_ceiling",
        "consented_at",
        "paused_until",
        "off_reason",
        "off_at",
    )
    list_filter = ("is_on", "off_reason", "package", "livemode")
    list_select_related = ("user",)
    search_fields = ("user__email", "=payment_method_id")
    ordering = ("-consented_at",)
    actions = ("switch_off",)

    def has_switch_off_permission(self, request: HttpRequest) -> bool:
        """Whether this operator may do that: superusers, and who has the permission."""
        return request.user.has_perm("billing.switch_off_top_ups")

    @admin.action(description="Switch off", permissions=["switch_off"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[AutoTopUp]) -> None:
        """Charge these cards no more until their owners agree anew."""
        for row in (found := list(rows.filter(is_on=True))):
            AutoTopUp.objects.filter(pk=row.pk).switch_off(AutoTopUp.OffReason.OPERATOR)
            record(operator(request), "auto_top_up:switch_off", row)
        messages.success(request, f"{len(found)} switched off.")


@admin.register(StripeCustomer)
class StripeCustomerAdmin(ReadOnlyAdmin):
    """Who is who at Stripe."""

    list_display = ("user", "customer_id", "livemode", "created_at")
    list_select_related = ("user",)
    search_fields = ("=customer_id", "user__email")


@admin.register(StripeInbox)
class StripeInboxAdmin(ReadOnlyAdmin):
    """What Stripe has told, and how far it has come."""

    list_display = (
        "received_at",
        "type",
        "event_id",
        "status",
        "attempts",
        "error",
        "order",
        "mirrored_at",
        "mirror_error",
    )
    list_filter = ("status", "type", "livemode", "received_at")
    list_select_related = ("order",)
    search_fields = ("=event_id", "=order__id", "=order__session_id", "=order__payment_intent_id")
    ordering = ("-id",)
    actions = ("work_again",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Whether this operator may let events be worked again: superusers, and who has the permission."""
        return request.user.has_perm("billing.replay_event")

    @admin.action(description="Work again", permissions=["replay"])
    def work_again(self, request: HttpRequest, rows: QuerySet[StripeInbox]) -> None:
        """Let each be worked now. Whatever has been done already is not done twice."""
        for row in rows:
            inbox.replay(row)
            record(operator(request), "stripe_event:replay", row)
            soon(work_event, row.pk)
        messages.success(request, f"{len(rows)} to be worked now.")


@admin.register(PaymentMail)
class PaymentMailAdmin(ReadOnlyAdmin):
    """What buyers were told, and what could not be told."""

    list_display = ("created_at", "order", "kind", "about", "status", "attempts", "error", "sent_at")
    list_filter = ("status", "kind", "created_at")
    list_select_related = ("order",)
    search_fields = ("=order__id", "=about", "order__user__email")
    ordering = ("-id",)
    actions = ("send_again",)

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        """Whether this operator may have mails sent again: superusers, and who has the permission."""
        return request.user.has_perm("billing.send_mail_again")

    @admin.action(description="Send again what may be lost", permissions=["send_again"])
    def send_again(self, request: HttpRequest, rows: QuerySet[PaymentMail]) -> None:
        """Let those be sent with the next sweep that were given up, or broken off more than minutes ago."""
        waiting = mails.send_again(rows)
        for row in waiting:
            record(operator(request), "payment_mail:send_again", row)
        messages.success(request, f"{len(waiting)} to be sent within a minute.")
