"""What workers do: fetch the stock of accounts that have connected a seller account."""

from celery import shared_task

from conversion import sync

LONGEST = 2700  # seconds; Amazon gives about a hundred SKUs in one


@shared_task(time_limit=LONGEST)  # type: ignore[untyped-decorator]  # celery has no types
def sync_inventory(account_id: int) -> bool:
    """Fetch the stock of one account; whether that went well. Running it twice changes nothing."""
    return sync.sync(account_id)


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def sync_due_inventories() -> int:
    """Have the stock fetched of every account where it is time; how many. Running it twice does no harm."""
    due = list(sync.due().values_list("pk", flat=True))
    for account_id in due:
        sync_inventory.delay(account_id)
    return len(due)
