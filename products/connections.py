"""Database connections are few and upstreams are slow: nobody keeps the one while waiting for the other."""

from django.db import connection


def give_back_connection() -> None:
    """Let others have this thread's database connection; the next query takes one again.

    Never inside a transaction, whose work would be lost.
    """
    if not connection.in_atomic_block:
        connection.close()
