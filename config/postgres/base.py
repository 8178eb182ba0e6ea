"""The database backend: Django's own, whose connections watch the server's pulse."""

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg.pq import ConnStatus
from psycopg.rows import TupleRow
from psycopg_pool import PoolTimeout

from config.postgres.pulse import PATIENCE, Away, pulse

T = TypeVar("T")
QUEUE_SECONDS = 5.0  # for a connection of the pool, while the server lives


class Silent(psycopg.OperationalError):
    """PostgreSQL has stopped answering: nobody can know what became of the statement."""


class Connection(psycopg.Connection[TupleRow]):
    """A connection on which nobody waits for a server that does not live."""

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **options: Any) -> T:
        """As psycopg's: run a conversation with the server. Raises Away, Silent and what psycopg raises."""
        try:
            pulse.check()
            return super().wait(self.watched(gen), *args, **options)
        except (Away, Silent):
            self.pgconn.finish()
            raise
        except psycopg.OperationalError:
            if self.pgconn.status == ConnStatus.BAD:
                pulse.doubt()
            raise

    def watched(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """Pass the conversation on, looking at the clock whenever nothing has come for a while."""
        began = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() - began > PATIENCE and not pulse.beats():
                    raise Silent("PostgreSQL does not answer")
                wanted = gen.send(ready)
        except StopIteration as ended:
            result: T = ended.value
            return result


class PreparedCursor(psycopg.Cursor[TupleRow]):
    """Binds on the server and prepares at first use; PostgreSQL then plans once for each connection."""

    def execute(
        self, query: Any, params: Any = None, *, prepare: bool | None = True, binary: bool | None = None
    ) -> "PreparedCursor":
        """As `psycopg.Cursor.execute`."""
        super().execute(query, params, prepare=prepare, binary=binary)
        return self


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection to PostgreSQL."""

    def prepared_cursor(self) -> CursorWrapper:
        """Return a cursor whose statements are prepared on the server, where settings let it: half the time.

        While Django logs queries (tests, DEBUG) it is Django's own, which can say what it ran.
        """
        if self.queries_logged:
            return self.cursor()
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self.make_cursor(PreparedCursor(self.connection))  # type: ignore[arg-type]

    @property
    def pool(self) -> Any:
        """The process's pool, of our connections."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if options:
            options.setdefault("connection_class", Connection)
        return super().pool

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection of the pool; stand in line for it only while the server lives."""
        pulse.look_at(conn_params.get("host") or "", conn_params.get("port") or 5432)
        ends = time.monotonic() + QUEUE_SECONDS
        while True:
            pulse.check()
            try:
                return super().get_new_connection(conn_params)
            except PoolTimeout:
                if time.monotonic() >= ends or not pulse.beats():
                    raise
