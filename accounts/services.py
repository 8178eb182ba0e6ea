"""What can be done with accounts, sessions and keys. Every entrance (API, page, admin) calls these verbs.

The entrances check the form of what they are given (is this an address, is the password strong enough); the
verbs rely on it. Each deliberate act leaves an audit event.
"""

import uuid

from django.conf import settings
from django.contrib.auth.models import update_last_login
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts import facts, limits, sessions, verification
from accounts.audit import record
from accounts.client_address import NOWHERE, Client
from accounts.emails import normalise_email
from accounts.errors import InvalidCredentials, InvalidVerification
from accounts.keyring import change_key, create_key, reroll_key, revoke_key
from accounts.models import APIKey, Session, User
from accounts.sessions import SignedIn
from accounts.signals import user_signed_up

__all__ = [
    "NOWHERE",
    "change_key",
    "change_password",
    "create_key",
    "disable_user",
    "enable_user",
    "end_sessions",
    "log_in",
    "log_out",
    "open_account",
    "refresh",
    "reroll_key",
    "revoke_key",
    "sign_up",
    "verify_email",
]


@sensitive_variables("password")
def sign_up(*, email: str, password: str, client: Client = NOWHERE) -> SignedIn | None:
    """Open an account and log in. Returns None when the address must be verified first, by a mail then sent.

    A known address is a log-in: with the right password it answers as the first time, with a wrong one as a
    log-in does. With verification the answer is None for every address. Raises InvalidEmail,
    InvalidCredentials, RateLimited.
    """
    email = normalise_email(email)
    limits.spend("auth.register", address=client.address, email=email)
    user = User.objects.filter(email=email).first()
    if settings.EMAIL_VERIFICATION == "mandatory":
        verification.begin(user, email=email, password=password, client=client)
        return None
    if user is None or user.is_pending:
        try:
            return sessions.begin(open_account(email=email, password=password, client=client), client)
        except IntegrityError:  # another call with this address was first
            if not User.objects.filter(email=email).exists():
                raise
    return sessions.begin(proven_user(email=email, password=password), client)


@sensitive_variables("password")
def open_account(*, email: str, password: str, client: Client = NOWHERE) -> User:
    """Return a new user, welcomed. Raises IntegrityError when the address is taken; InvalidEmail."""
    with transaction.atomic():
        user = verification.take_address(email=email, password=password)
        welcome(user, client)
    return user


@sensitive_variables("token")
def verify_email(*, token: str, client: Client = NOWHERE) -> SignedIn:
    """Open the account that waited for the mail with this token, and log in. Raises InvalidVerification."""
    user_id, version = verification.read(token)
    with transaction.atomic():
        user = User.objects.pending().select_for_update().filter(pk=user_id).first()
        if user is None or user.token_version != version:
            raise InvalidVerification
        welcome(user, client)
    return sessions.begin(user, client)


def welcome(user: User, client: Client) -> None:
    """Open a pending account and tell who listens. To be called in the transaction that took the address."""
    user.is_active, user.opened_at = True, timezone.now()
    user.save(update_fields=["is_active", "opened_at"])
    record(user, "user:sign_up", user, client=client)
    user_signed_up.send(sender=User, user=user, mailbox=user.mailbox)


@sensitive_variables("password")
def log_in(*, email: str, password: str, client: Client = NOWHERE) -> SignedIn:
    """Return the tokens of a new session. Raises InvalidCredentials, RateLimited, InvalidEmail."""
    email = normalise_email(email)
    limits.spend("auth.login", address=client.address, email=email)
    user = proven_user(email=email, password=password)
    limits.forgive("auth.login", email=email)
    update_last_login(sender=User, user=user)
    signed_in = sessions.begin(user, client)
    record(user, "session:begin", f"session:{signed_in.session_id}", client=client)
    return signed_in


@sensitive_variables("password")
def proven_user(*, email: str, password: str) -> User:
    """Return the user of an open account whose password this is. Raises InvalidCredentials.

    One query and one hash in every case, so that neither answer nor time tells whether the address is known.
    """
    user = User.objects.filter(email=email).first()
    if user is None:
        User().set_password(password)
        raise InvalidCredentials
    if not user.check_password(password) or not user.is_active:
        raise InvalidCredentials
    return user


@sensitive_variables("refresh_token")
def refresh(*, refresh_token: str, client: Client = NOWHERE) -> SignedIn:
    """Exchange a refresh token, once, for new tokens. Raises InvalidToken, TokenReused."""
    return sessions.rotate(refresh_token, client)


def log_out(*, user: User, session_id: uuid.UUID, by: User | None = None, client: Client = NOWHERE) -> None:
    """End one session of the user with all its tokens. Ending it twice changes nothing."""
    with transaction.atomic():
        if sessions.end(list(Session.objects.filter(user=user, pk=session_id).values_list("pk", flat=True))):
            record(by or user, "session:end", f"session:{session_id}", client=client)


@sensitive_variables("password")
def change_password(*, user: User, password: str, by: User | None = None, client: Client = NOWHERE) -> None:
    """Set a new password and end all sessions. API keys stay."""
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        end_tokens(user)
        record(by or user, "user:change_password", user, client=client)


def end_sessions(*, user: User, by: User | None = None, client: Client = NOWHERE) -> None:
    """Log the user out everywhere. API keys stay."""
    with transaction.atomic():
        end_tokens(user)
        record(by or user, "user:end_sessions", user, client=client)


def disable_user(*, user: User, by: User | None = None, client: Client = NOWHERE) -> None:
    """Close the account: sessions end, keys are refused. One that waited for its mail waits no more."""
    user.is_active, user.opened_at = False, user.opened_at or timezone.now()
    with transaction.atomic():
        user.save(update_fields=["is_active", "opened_at"])
        end_tokens(user)
        record(by, "user:disable", user, client=client)


def enable_user(*, user: User, by: User | None = None, client: Client = NOWHERE) -> None:
    """Open a disabled account again, or one whose mail never came. Keys work again; sessions stay ended."""
    with transaction.atomic():
        if user.is_pending:
            welcome(user, client)
        user.is_active = True
        user.save(update_fields=["is_active"])
        end_tokens(user)
        record(by, "user:enable", user, client=client)


def end_tokens(user: User) -> None:
    """Make every token made until now worthless, those of a log-in under way included."""
    User.objects.filter(pk=user.pk).update(session_version=F("session_version") + 1)
    user.refresh_from_db(fields=["session_version"])
    sessions.end_all(user)
    prefixes = list(APIKey.objects.live().filter(user=user).values_list("prefix", flat=True))
    facts.forget_keys(prefixes)
