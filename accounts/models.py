"""Users, their sessions and API keys, and the record of deliberate acts."""

import uuid
from typing import Any, ClassVar, Literal

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.emails import mailbox_of, normalise_email
from accounts.errors import InvalidEmail
from accounts.scopes import default_scopes


class UserManager(BaseUserManager["User"]):
    """Makes users and finds them by any spelling of their address."""

    def pending(self) -> models.QuerySet["User"]:
        """Those whose address waits to be verified."""
        return self.filter(is_active=False, opened_at=None)

    def create_user(self, email: str, password: str | None = None, **facts: Any) -> "User":
        """Return a new, saved user. Raises InvalidEmail; IntegrityError when the address is known.

        Makes the row and nothing else: accounts.services.open_account also welcomes.
        """
        email = normalise_email(email)
        facts.setdefault("opened_at", timezone.now())
        user = self.model(email=email, mailbox=mailbox_of(email), **facts)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **facts: Any) -> "User":
        """Return a new operator who may do everything."""
        return self.create_user(email, password, **{**facts, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user with this address, however it is spelled. Raises User.DoesNotExist."""
        try:
            return self.get(email=normalise_email(username or ""))
        except InvalidEmail as error:
            raise self.model.DoesNotExist from error


class User(AbstractBaseUser, PermissionsMixin):
    """Someone with an account. The e-mail address, in its normal form, is the login."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("e-mail address", max_length=254, unique=True)
    mailbox = models.EmailField(
        max_length=254, db_index=True, help_text="Decides who is welcomed, and only once."
    )
    is_active = models.BooleanField(
        default=True, help_text="Off: every token and key of this account is refused."
    )
    is_staff = models.BooleanField("operator", default=False, help_text="May enter the admin.")
    date_joined = models.DateTimeField(default=timezone.now)
    opened_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty while the e-mail address waits to be verified."
    )
    session_version = models.PositiveIntegerField(default=0, help_text="Raised to end all tokens at once.")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    @property
    def is_pending(self) -> bool:
        """Whether the address waits to be verified: nobody owns this account yet."""
        return self.opened_at is None and not self.is_active

    @property
    def token_version(self) -> str:
        """What a token must name to be good.

        Changes with the password, however that is changed (a form, a command), and with session_version.
        """
        return f"{self.session_version}.{self.get_session_auth_hash()[:16]}"


class SessionQuerySet(models.QuerySet["Session"]):
    """Questions about sessions."""

    def live(self) -> "SessionQuerySet":
        """Those that can still be refreshed."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


class Session(models.Model):
    """One log-in and all refresh tokens that follow from it. Only the newest, `current_jti`, is good."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions")
    current_jti = models.UUIDField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"session of {self.user_id} since {self.created_at:%Y-%m-%d %H:%M}"


class APIKeyQuerySet(models.QuerySet["APIKey"]):
    """Questions about API keys."""

    def live(self) -> "APIKeyQuerySet":
        """Those that were not revoked."""
        return self.filter(revoked_at=None)

    def in_state(self, status: str) -> "APIKeyQuerySet":
        """Those with this status, as APIKey.status says it."""
        if status == "revoked":
            return self.exclude(revoked_at=None)
        expired = models.Q(expires_at__lte=timezone.now())
        return self.live().filter(expired if status == "expired" else models.Q(expires_at=None) | ~expired)


class APIKey(models.Model):
    """A key for programs. The key itself is shown once and not kept; its hash is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=32, unique=True, editable=False)
    key_hash = models.BinaryField(
        max_length=32, editable=False
    )  # SHA-256: what it hides is random and 190 bits long
    last_four = models.CharField(max_length=4, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=40), default=default_scopes, help_text="What it may be used for."
    )
    allowed_ips = ArrayField(
        models.CharField(max_length=50),
        default=list,
        blank=True,
        help_text="Addresses and networks it may be used from; none: anywhere.",
    )
    previous_hash = models.BinaryField(max_length=32, null=True, editable=False)
    previous_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then the secret from before the last reroll works as well."
    )
    has_cap = models.BooleanField(default=False, help_text="The ledger keeps a spending limit for this key.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")

    objects = APIKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(previous_hash=None, previous_until=None)
                | models.Q(previous_hash__isnull=False, previous_until__isnull=False),
                name="accounts_apikey_previous_secret_has_its_end",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="accounts_apikey_of_user_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…{self.last_four}"

    @property
    def status(self) -> Literal["active", "expired", "revoked"]:
        """Whether it works, or why not."""
        if self.revoked_at:
            return "revoked"
        is_over = self.expires_at is not None and self.expires_at <= timezone.now()
        return "expired" if is_over else "active"


class AuditEvent(models.Model):
    """A deliberate act: who did what to which thing. Written by accounts.audit.record, never changed.

    A trigger of the database refuses changes and deletions.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="audit_events"
    )
    action = models.CharField(max_length=64, help_text="subject:verb")
    target = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    metadata = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__regex=r"^[a-z_]+:[a-z_]+$"), name="accounts_auditevent_action_form"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.target}"
