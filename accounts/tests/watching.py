"""What Redis is asked. Its own counters will not do: all test processes share the server."""

from collections.abc import Callable

from django_redis import get_redis_connection

CONNECTING = {"SELECT", "CLIENT", "HELLO"}
END = "that was all"


def asked_of_redis(work: Callable[[], object]) -> list[str]:
    """Return the commands that this process's Redis is given during the work, but for what scripts do."""
    redis = get_redis_connection("default")
    mine = redis.connection_pool.connection_kwargs["db"]
    asked: list[str] = []
    with redis.monitor() as monitor:
        work()
        redis.echo(END)
        for told in monitor.listen():
            if told["command"] == f"ECHO {END}":
                break
            if told["db"] == mine and told["client_type"] != "lua":
                asked.append(told["command"].partition(" ")[0])
    return [name for name in asked if name not in CONNECTING]
