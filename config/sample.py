"""The people a fresh installation comes with: a sample user with credits and a key, and an operator.

Their passwords and the key are random. They are kept in `sample.json` in the data folder, which only its
owner may read, because the database has hashes of them and no more.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from accounts import keys
from accounts.models import APIKey, User
from accounts.services import change_password, create_key, open_account
from credits.errors import DuplicateEntry
from credits.models import Wallet
from credits.services import grant

CREDITS = 10_000
EMAIL = "sample@example.com"
OPERATOR_EMAIL = "operator@example.com"


@dataclass
class Sample:
    """What a newcomer, or a script, needs to try everything."""

    base_url: str
    email: str
    password: str
    operator_email: str
    operator_password: str
    api_key: str
    available: int  # credits


def prepare(path: Path, *, base_url: str) -> Sample:
    """See that the sample people are there and that what `path` says of them is true; makes it say so."""
    known = read(path)
    password = known.get("password") or secrets.token_urlsafe(12)
    operator_password = known.get("operator_password") or secrets.token_urlsafe(12)
    user = User.objects.filter(email=EMAIL).first() or open_account(email=EMAIL, password=password)
    operator = User.objects.filter(email=OPERATOR_EMAIL).first()
    operator = operator or User.objects.create_superuser(OPERATOR_EMAIL, operator_password)
    set_password(user, password)
    set_password(operator, operator_password)
    give_credits(user)
    sample = Sample(
        base_url=base_url,
        email=user.email,
        password=password,
        operator_email=operator.email,
        operator_password=operator_password,
        api_key=working_key(user, known.get("api_key", "")),
        available=available(user),
    )
    write(path, sample)
    return sample


def set_password(user: User, password: str) -> None:
    """Give the user this password unless it is theirs already."""
    if not user.check_password(password):
        change_password(user=user, password=password)


def give_credits(user: User) -> None:
    """Fill the wallet up, once."""
    missing = CREDITS - available(user)
    try:
        if missing > 0:
            grant(user, missing, operation="sample", key=f"sample:{user.pk}")
    except DuplicateEntry:
        return


def available(user: User) -> int:
    """What the user can spend."""
    wallet = Wallet.objects.for_user(user).first()
    return wallet.available if wallet else 0


def working_key(user: User, plaintext: str) -> str:
    """The key as it is when it still works, else a new one."""
    if APIKey.objects.live().filter(user=user, key_hash=keys.hash_of(plaintext), expires_at=None).exists():
        return plaintext
    return create_key(user=user, name="sample")[1]


def read(path: Path) -> dict[str, str]:
    """What was written before; nothing when that is missing or damaged."""
    try:
        known = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def write(path: Path, sample: Sample) -> None:
    """Write the file whole or not at all, for its owner's eyes only."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(sample), file, indent=2)
        file.write("\n")
    fresh.replace(path)
