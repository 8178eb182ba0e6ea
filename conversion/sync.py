"""Fetch an account's stock from Amazon, marketplace by marketplace, each in place of what was there.

The row of the account says who is at it: one at a time, and whoever dies is taken over. Amazon is asked with
no transaction open.
"""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from api.connections import give_back_connection
from api.sealing import Seal, seal_for
from conversion import inventory, staging
from conversion.models import Inventory, SellerAccount
from providers.errors import ProviderError
from providers.marketplaces import MARKETPLACES
from providers.spapi.inventory import InventoryRow, summaries
from providers.spapi.session import Session

log = structlog.stdlib.get_logger("pallet.conversion")
LAYOUT = "spapi"
LEASE = timedelta(minutes=50)  # longer than a task may run
EVERY = timedelta(days=1)
FAILED = "internal_error"  # and the like: why the last try brought nothing
UNREADABLE = "token_unreadable"
REPLACED = "replaced"


def sealing(owner: User) -> Seal:
    """Return the seal of an account's token."""
    return seal_for("seller-account", str(owner.pk))


def due() -> QuerySet[SellerAccount]:
    """Return the accounts whose stock should be fetched: once a day, and when somebody has asked for it."""
    is_old = Q(tried_at=None) | Q(tried_at__lt=timezone.now() - EVERY)
    return SellerAccount.objects.filter(is_old | Q(queued_at__isnull=False))


def sync(account_id: int) -> bool:
    """Fetch the stock of an account, unless somebody is at it; whether it was done and went well."""
    account = _claim(account_id)
    if account is None:
        return False
    failure = FAILED
    try:
        _fetch(account)
        failure = ""
    except ProviderError as error:
        failure = error.reason.value
    except InvalidTag:
        failure = UNREADABLE
    except _Replaced:
        failure = REPLACED
    finally:
        _conclude(account, failure)
    return not failure


class _Replaced(Exception):
    """The credentials have been changed or forgotten meanwhile."""


def _claim(account_id: int) -> SellerAccount | None:
    """Return the account if it is ours to work on."""
    now = timezone.now()
    is_idle = Q(running_until=None) | Q(running_until__lt=now)
    claimed = SellerAccount.objects.filter(is_idle, pk=account_id).update(
        running_until=now + LEASE, queued_at=None, tried_at=now
    )
    return SellerAccount.objects.select_related("owner").filter(pk=account_id).first() if claimed else None


def _conclude(account: SellerAccount, failure: str) -> None:
    """Write down how it ended, unless the credentials are others by now."""
    told = {"last_error": failure} if failure else {"last_error": "", "last_synced_at": timezone.now()}
    _same(account).update(running_until=None, **told)
    log.info("inventory_synced", account=account.pk, failure=failure or None)


def _same(account: SellerAccount) -> QuerySet[SellerAccount]:
    """Return the account as long as it has the same token, whose seal is new each time."""
    return SellerAccount.objects.filter(pk=account.pk, token=bytes(account.token))


def _fetch(account: SellerAccount) -> None:
    session = Session(
        client_id=settings.SPAPI_CLIENT_ID,
        client_secret=settings.SPAPI_CLIENT_SECRET,
        refresh_token=sealing(account.owner).open(bytes(account.token)).decode(),
        region=account.region,
        **settings.SPAPI_SESSION,
    )
    for code in account.marketplaces:
        give_back_connection()
        counted = _Counted(summaries(session, MARKETPLACES[code]))
        with staging.staged(counted) as rows, transaction.atomic():
            if not _same(account).select_for_update().exists():
                raise _Replaced
            new = Inventory(owner=account.owner, layout=LAYOUT, marketplace=code, name=account.seller_id)
            new.rows = counted.count
            inventory.replace(new, rows)


class _Counted(Iterator[InventoryRow]):
    """Rows, and how many have passed."""

    def __init__(self, rows: Iterator[InventoryRow]) -> None:
        self.count = 0
        self._rows = rows

    def __next__(self) -> InventoryRow:
        row = next(self._rows)
        self.count += 1
        return row
