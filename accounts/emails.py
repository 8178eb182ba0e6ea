"""E-mail addresses: the one spelling that is stored, and the mailbox that lies behind it. Pure functions."""

import re
import unicodedata

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.errors import InvalidEmail

MAX_LENGTH = 254  # RFC 5321 4.5.3.1.3, less the angle brackets
GMAIL = {"gmail.com", "googlemail.com"}  # one service under two names, which ignores dots


def normalise_email(text: str) -> str:
    """Return the address as it is stored: NFKC, trimmed, lower case, its domain in ASCII (IDNA 2008, UTS 46).

    Raises InvalidEmail when no address is left.
    """
    local, at, domain = unicodedata.normalize("NFKC", text).strip().lower().rpartition("@")
    try:
        email = local + at + idna.encode(domain, uts46=True).decode("ascii")
        validate_email(email)
    except (idna.IDNAError, UnicodeError, ValidationError) as error:
        raise InvalidEmail("Enter a valid e-mail address.") from error
    if len(email) > MAX_LENGTH:
        raise InvalidEmail(f"An e-mail address has at most {MAX_LENGTH} characters.")
    return email


def mailbox_of(email: str) -> str:
    """Return where mail to this normalised address ends up, so that one person is welcomed once.

    Quotation marks are another way to write the same mailbox (RFC 5321 4.1.2). What follows a plus sign is
    dropped everywhere, dots where Gmail is the receiver.
    """
    local, _, domain = email.rpartition("@")
    local = re.sub(r'["\\]', "", local) or local
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        return f"{local.replace('.', '') or local}@gmail.com"
    return f"{local}@{domain}"
