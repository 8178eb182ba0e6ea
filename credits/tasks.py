"""What runs by the clock."""

from celery import shared_task

from credits import holds, rollup


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def release_expired_holds() -> int:
    """Let go what holds past their time still set aside; how many ended. Running it twice does no harm."""
    return holds.release_expired()


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def fold_ledger() -> int:
    """Add new entries to the sums by day; how many ids. Running it twice does no harm."""
    return rollup.fold()
