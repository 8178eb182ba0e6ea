"""An account's credentials at Amazon: connected, looked at, used, and forgotten with all they brought."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.audit import record
from accounts.client_address import Client
from accounts.models import User
from api.queues import workers_told
from conversion.errors import NotConnected, SyncNotOffered, SyncUnderWay
from conversion.models import Inventory, SellerAccount
from conversion.sync import LAYOUT, sealing
from conversion.tasks import sync_inventory

QUEUED = timedelta(hours=1)  # after that nobody is going to begin any more


def connect(
    *,
    user: User,
    region: str,
    seller_id: str,
    marketplaces: Sequence[str],
    refresh_token: str,
    client: Client | None = None,
) -> SellerAccount:
    """Keep credentials in place of any former ones, and forget what is not theirs. Raises SyncNotOffered."""
    _check_offered()
    known = {"region": region, "seller_id": seller_id, "marketplaces": list(marketplaces)}
    new = {"token": sealing(user).close(refresh_token.encode()), "running_until": None, "queued_at": None}
    untried = {"tried_at": None, "last_synced_at": None, "last_error": ""}
    with transaction.atomic():
        former = SellerAccount.objects.select_for_update().filter(owner=user).first()
        is_same = former is not None and (former.region, former.seller_id) == (region, seller_id)
        account, _ = SellerAccount.objects.update_or_create(owner=user, defaults=known | new | untried)
        fetched = Inventory.objects.filter(owner=user, layout=LAYOUT)
        (fetched.exclude(marketplace__in=marketplaces) if is_same else fetched).delete()
        record(user, "seller_account:connect", account, client=client, region=region, seller_id=seller_id)
    return account


def connected(user: User) -> SellerAccount:
    """Return the account's credentials. Raises NotConnected."""
    account = SellerAccount.objects.filter(owner=user).first()
    if account is None:
        raise NotConnected
    return account


def disconnect(*, user: User, client: Client | None = None) -> None:
    """Forget the credentials and the stock that was fetched with them. Raises NotConnected."""
    with transaction.atomic():
        account = connected(user)
        record(user, "seller_account:disconnect", account, client=client, seller_id=account.seller_id)
        account.delete()
        Inventory.objects.filter(owner=user, layout=LAYOUT).delete()


def start(*, user: User, client: Client | None = None) -> SellerAccount:
    """Have the stock fetched now. Raises NotConnected, SyncNotOffered, SyncUnderWay."""
    account = connected(user)
    _check_offered()
    with transaction.atomic():
        if not queue(account.pk):
            raise SyncUnderWay
        record(user, "seller_account:sync", account, client=client)
    return connected(user)


def queue(account_id: int) -> bool:
    """Have the stock of an account fetched, unless that is wanted or done already; whether it was not."""
    now = timezone.now()
    is_idle = Q(running_until=None) | Q(running_until__lt=now)
    is_unwanted = Q(queued_at=None) | Q(queued_at__lt=now - QUEUED)
    with transaction.atomic():
        wanted = SellerAccount.objects.filter(is_idle, is_unwanted, pk=account_id).update(queued_at=now)
        if wanted:
            transaction.on_commit(partial(_send, account_id))
    return bool(wanted)


def _send(account_id: int) -> None:
    """Tell the workers. If they cannot be told, the clock will: the row says what is wanted."""
    workers_told(sync_inventory, account_id)


def _check_offered() -> None:
    if not (settings.SPAPI_CLIENT_ID and settings.SPAPI_CLIENT_SECRET):
        raise SyncNotOffered
