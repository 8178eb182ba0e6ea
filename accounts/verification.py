"""Proving that an address is the caller's own, for installs with EMAIL_VERIFICATION=mandatory.

An address that waits is a user who is not active and has no `opened_at`. Whoever signs up with it last sets
the password, and only the mail sent then opens the account: an earlier stranger's password goes with their
mail.
"""

import smtplib
import uuid
from functools import partial

import structlog
from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from accounts.audit import record
from accounts.client_address import Client
from accounts.errors import InvalidVerification
from accounts.models import User

log = structlog.stdlib.get_logger("pallet.accounts")

SALT = "accounts.verification"
GOOD_FOR_SECONDS = 3 * 24 * 3600


@sensitive_variables("password")
def begin(user: User | None, *, email: str, password: str, client: Client) -> None:
    """Send a mail to the address: the way in for a new one, a notice for one that has an account.

    One hash, one write and one mail in either case, so that nothing tells the two apart.
    """
    if user is not None and not user.is_pending:
        User().set_password(password)
        record(None, "user:sign_up_again", user, client=client)
        send(user.email, "notice", {})
        return
    try:
        with transaction.atomic():
            pending = take_address(email=email, password=password)
    except IntegrityError:  # another call with this address was first, and its mail is on its way
        return
    send(
        pending.email,
        "verify",
        {"token": token_for(pending), "url": settings.PUBLIC_URL + reverse("accounts:verify")},
    )


@sensitive_variables("password")
def take_address(*, email: str, password: str) -> User:
    """Return the pending user of this address, new or not, now with this password. Call it in a transaction.

    Raises IntegrityError when the address has an open account, InvalidEmail.
    """
    user = User.objects.pending().select_for_update().filter(email=email).first()
    if user is None:
        return User.objects.create_user(email, password, is_active=False, opened_at=None)
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


def token_for(user: User) -> str:
    """Return what the mail to this pending user carries."""
    return signing.dumps([str(user.pk), user.token_version], salt=SALT)


def read(token: str) -> tuple[uuid.UUID, str]:
    """Return the user and the version that a token of ours names. Raises InvalidVerification."""
    try:
        user_id, version = signing.loads(token, salt=SALT, max_age=GOOD_FOR_SECONDS)
    except signing.BadSignature as error:
        raise InvalidVerification from error
    return uuid.UUID(user_id), version


def send(email: str, template: str, context: dict[str, str]) -> None:
    """Send a mail after the commit. A mail that cannot be sent is logged: the answer must not tell."""
    subject, _, text = render_to_string(f"accounts/mail/{template}.txt", context).partition("\n")
    transaction.on_commit(partial(deliver, email, subject, text.lstrip()))


def deliver(email: str, subject: str, text: str) -> None:
    """Hand one mail to the mail server."""
    try:
        send_mail(subject, text, None, [email])
    except (OSError, smtplib.SMTPException) as error:
        log.error("mail not sent", error=f"{type(error).__name__}: {error}")
