"""What operators see and do: close and open accounts, revoke keys, read the record. Through the services."""

from typing import Any, cast

from allauth.account.admin import EmailAddress  # this and the next three register pages of their own
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.admin import UserSession
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts import services
from accounts.caps import figures
from accounts.client_address import client_of
from accounts.models import APIKey, AuditEvent, Session, User


class UserForm(UserChangeForm):  # type: ignore[type-arg]
    """What an operator may change of a user."""

    class Meta:
        model = User
        fields = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Users are made by signing up or by a command; here they are closed and opened."""

    form = UserForm
    ordering = ("-date_joined",)
    list_display = ("email", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "mailbox", "id")
    actions = ("disable", "enable")
    fieldsets = (
        (None, {"fields": ("id", "email", "mailbox", "password")}),
        ("State", {"fields": ("is_active", "opened_at", "date_joined", "last_login")}),
        ("Rights", {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
    )
    facts = ("id", "email", "mailbox", "is_active", "opened_at", "date_joined", "last_login")
    rights = ("is_staff", "is_superuser", "groups", "user_permissions")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Return what only the services change, and for all but superusers the rights too."""
        return self.facts if request.user.is_superuser else self.facts + self.rights

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no: accounts come from signing up."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Say no: the ledger and the record refer to users."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Say who may change whom: a superuser's password is a way to all rights, so superusers only."""
        is_theirs = obj is None or not obj.is_superuser or request.user.is_superuser
        return is_theirs and super().has_change_permission(request, obj)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> LogEntry:
        """End the sessions of a user whose password or rights were changed, and note the change."""
        services.end_sessions(user=obj, by=operator(request), client=client_of(request))
        return super().log_change(request, obj, message)

    @admin.action(description="Disable: end all sessions, refuse all keys", permissions=["change"])
    def disable(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Close these accounts."""
        for user in users:
            services.disable_user(user=user, by=operator(request), client=client_of(request))
        messages.success(request, f"{len(users)} disabled.")

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Open these accounts."""
        for user in users:
            services.enable_user(user=user, by=operator(request), client=client_of(request))
        messages.success(request, f"{len(users)} enabled.")


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Something to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Say no."""
        return False


@admin.register(APIKey)
class APIKeyAdmin(ReadOnlyAdmin):
    """Keys by their prefix; the keys themselves nobody has."""

    list_display = ("prefix", "last_four", "name", "user", "status", "created_at", "last_used_at")
    search_fields = ("prefix", "name", "user__email")
    list_select_related = ("user",)
    fields = (
        "prefix",
        "last_four",
        "name",
        "user",
        "status",
        "scopes",
        "cap",
        "allowed_ips",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "previous_until",
    )
    actions = ("revoke",)

    @admin.display(description="Spending cap")
    def cap(self, key: APIKey) -> str:
        """Return the key's cap and what was spent of it."""
        known = figures([key]).get(key.pk)
        return "{spent} of {limit} credits, {period}".format(**known) if known else "none"

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Say who may revoke: those with the permission to change keys."""
        return request.user.has_perm("accounts.change_apikey")

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[APIKey]) -> None:
        """End these keys."""
        for key in chosen.select_related("user"):
            services.revoke_key(key=key, by=operator(request), client=client_of(request))
        messages.success(request, f"{len(chosen)} revoked.")


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is logged in, since when and from where."""

    list_display = ("user", "created_at", "expires_at", "revoked_at", "address", "user_agent")
    search_fields = ("user__email", "address")
    list_select_related = ("user",)
    exclude = ("current_jti",)
    actions = ("end",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Say who may end sessions: those with the permission to change them."""
        return request.user.has_perm("accounts.change_session")

    @admin.action(description="End", permissions=["end"])
    def end(self, request: HttpRequest, chosen: QuerySet[Session]) -> None:
        """End these sessions."""
        for session in chosen.select_related("user"):
            services.log_out(
                user=session.user, session_id=session.pk, by=operator(request), client=client_of(request)
            )
        messages.success(request, f"{len(chosen)} ended.")


# allauth's own pages let operators write what its flows decide, and show what opens accounts.
admin.site.unregister([Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken, UserSession])


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Who has a second factor, and of what kind; not the secret it is made from."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__email",)
    list_select_related = ("user",)
    exclude = ("data",)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    """Addresses, and whether their owners have proved them."""

    list_display = ("email", "user", "primary", "verified")
    list_filter = ("verified",)
    search_fields = ("email", "user__email")
    list_select_related = ("user",)


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    """Which accounts elsewhere open which account here; not what was learned about their owners."""

    list_display = ("user", "provider", "uid", "last_login", "date_joined")
    list_filter = ("provider",)
    search_fields = ("uid", "user__email")
    list_select_related = ("user",)
    exclude = ("extra_data",)


@admin.register(UserSession)
class BrowserSessionAdmin(ReadOnlyAdmin):
    """Sessions of browsers, without the keys that would be a way into them."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    search_fields = ("user__email", "ip")
    list_select_related = ("user",)
    exclude = ("session_key", "data")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The record of deliberate acts."""

    list_display = ("at", "action", "actor", "target", "address")
    list_filter = ("action",)
    search_fields = ("actor__email", "target")
    list_select_related = ("actor",)
    date_hierarchy = "at"


def operator(request: HttpRequest) -> User:
    """Return the operator who sent this form; the admin lets nobody else in."""
    return cast(User, request.user)
