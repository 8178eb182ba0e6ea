"""The form of an API key: plt_live_, ten characters that name it, 32 secret ones, six against typing errors.

Pure functions. Where keys are kept and judged is accounts.services and accounts.principals.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

from accounts.errors import InvalidKey

MARK = "plt_live_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
NAME_LENGTH = 10
SECRET_LENGTH = 32  # of 62 characters each: 190 random bits
CHECK_LENGTH = 6  # CRC-32 in base 62
NO_HASH = bytes(32)  # that of no text anyone knows
FORM = re.compile(rf"{MARK}[0-9A-Za-z]{{{NAME_LENGTH + SECRET_LENGTH + CHECK_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `plaintext` is shown once and kept nowhere."""

    plaintext: str = field(repr=False)
    prefix: str

    @property
    def last_four(self) -> str:
        """The end of the key, by which its owner recognises it."""
        return self.plaintext[-4:]


def generate(*, prefix: str = "") -> NewKey:
    """Return a new key from the system's random source, or another secret for the key of this prefix."""
    body = (prefix.removeprefix(MARK) or random_text(NAME_LENGTH)) + random_text(SECRET_LENGTH)
    return NewKey(plaintext=MARK + body + checksum(body), prefix=MARK + body[:NAME_LENGTH])


def random_text(length: int) -> str:
    """Return characters that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def prefix_of(text: str) -> str:
    """Return the part of a key that names it. Raises InvalidKey when this is no key or one was mistyped."""
    if not FORM.fullmatch(text):
        raise InvalidKey(
            f"This is not an API key: one begins with {MARK} and has {len(MARK) + 48} characters."
        )
    body = text[len(MARK) : -CHECK_LENGTH]
    if checksum(body) != text[-CHECK_LENGTH:]:
        raise InvalidKey("This API key has a typing error: copy it again.")
    return MARK + body[:NAME_LENGTH]


def hash_of(text: str) -> bytes:
    """Return what is kept of a key. Plain SHA-256 is enough, as no one can try 2**190 keys."""
    return hashlib.sha256(text.encode()).digest()


def is_one_of(proof: bytes, *hashes: bytes | None) -> bool:
    """Say whether this is one of the hashes. All are compared in full, so the time tells nothing.

    Where there is no hash (None) the same work is done.
    """
    found = [hmac.compare_digest(known or NO_HASH, proof) for known in hashes]
    return any(found)


def checksum(body: str) -> str:
    """Return the six characters at the end of a key."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
