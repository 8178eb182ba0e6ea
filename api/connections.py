"""Database connections are few: nobody keeps one while something slow is waited for."""

from django.db import connection


def give_back_connection() -> None:
    """Let others have this thread's database connection; the next query takes one again.

    Never inside a transaction, whose work would be lost.
    """
    if not connection.in_atomic_block:
        connection.close()
