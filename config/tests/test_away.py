"""What waits for PostgreSQL and Redis, and for how long: slow is not away, and silence is found out once."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from config.postgres.pulse import Away, Pulse
from config.redis_pool import PAUSE, Pool


class Silence:
    """A server that accepts and never says anything."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.listener.getsockname()
        self.heard: list[socket.socket] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                self.heard.append(self.listener.accept()[0])
            except OSError:
                return


@pytest.fixture
def silence() -> Iterator[Silence]:
    server = Silence()
    yield server
    server.listener.close()
    for one in server.heard:
        one.close()


def test_a_redis_that_hangs_is_waited_for_once(silence: Silence) -> None:
    host, port = silence.address
    pool = Pool(host=host, port=port, socket_timeout=0.2)
    client = redis.Redis(connection_pool=pool)
    with pytest.raises(redis.TimeoutError):
        client.get("a")
    before = len(silence.heard)
    for _ in range(100):
        with pytest.raises(redis.ConnectionError, match="a moment ago"):
            client.get("a")
    assert len(silence.heard) == before


def test_a_redis_that_answers_again_is_used_again() -> None:
    pool = Pool.from_url(str(settings.CACHES["default"]["LOCATION"]))
    client = redis.Redis(connection_pool=pool)
    pool.try_again_at = time.monotonic() + PAUSE
    with pytest.raises(redis.ConnectionError):
        client.ping()
    pool.try_again_at = time.monotonic() - PAUSE
    assert client.ping()
    assert client.ping()
    pool.disconnect()


def test_a_connection_that_its_user_closes_tells_nothing() -> None:
    pool = Pool.from_url(str(settings.CACHES["default"]["LOCATION"]))
    with redis.Redis(connection_pool=pool).monitor():  # type: ignore[no-untyped-call]
        pass
    assert redis.Redis(connection_pool=pool).ping()
    pool.disconnect()


def test_a_postgresql_that_is_silent_or_gone_is_away(silence: Silence) -> None:
    pulse = Pulse()
    pulse.look_at(*silence.address)
    assert not pulse.beats()
    with pytest.raises(Away):
        pulse.check()
    pulse.look_at(str(Path(settings.DATA_DIR) / "nowhere"), 5432)
    assert not pulse.beats()


def test_a_postgresql_that_is_asked_gives_a_sign_of_life() -> None:
    parameters = connection.get_connection_params()
    pulse = Pulse()
    pulse.look_at(parameters["host"], parameters.get("port") or 5432)
    assert pulse.beats()


@pytest.mark.django_db
def test_a_slow_statement_is_waited_for() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_sleep(1.2)")
        assert cursor.fetchone() == (1,)
