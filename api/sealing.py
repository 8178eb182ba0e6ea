"""What is written down of a call that may be repeated: names that tell nothing, and answers only it can open.

Everything is derived from SECRET_KEY together with what the caller sends, of which the database keeps no
copy. So whoever has stolen the database cannot tell who called, with what, or what was answered. What an
install must read again by itself (`seal_for`) is sealed under SECRET_KEY alone.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Seal:
    """`name` finds the record of a call, `fingerprint` tells its body from others, `key` opens its answer."""

    name: bytes
    fingerprint: bytes
    key: bytes

    def close(self, answer: bytes) -> bytes:
        """Return the answer in a form that only the same call can read."""
        nonce = os.urandom(NONCE_LENGTH)
        return nonce + AESGCM(self.key).encrypt(nonce, answer, self.name)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises InvalidTag when it was not this call's, or was changed."""
        return AESGCM(self.key).decrypt(sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], self.name)


def seal_of(*, scope: tuple[str, ...], body: bytes) -> Seal:
    """Return the seal of the call that `scope` names and that says `body`."""
    said = hashlib.sha256(body).hexdigest()
    name = derived("name", *scope)
    return Seal(
        name=name,
        fingerprint=derived("fingerprint", *scope, said),
        key=HKDF(SHA256(), 32, salt=name, info=b"answer").derive(derived("answer", *scope, said)),
    )


def seal_for(*scope: str) -> Seal:
    """Return the seal of a secret that this install has to read again by itself; `scope` says whose it is."""
    return seal_of(scope=("secret", *scope), body=b"")


def derived(purpose: str, *facts: str) -> bytes:
    """Return 32 bytes that nobody finds who lacks SECRET_KEY or one of the facts."""
    return hmac.digest(settings.SECRET_KEY.encode(), orjson.dumps(["idempotency", purpose, *facts]), "sha256")
