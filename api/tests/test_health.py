"""Whether it lives, whether it can work."""

import pytest
from django.test import Client, override_settings


def test_it_lives_without_asking_anyone(client: Client) -> None:
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_it_is_ready_when_both_engines_answer(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"postgresql": "ok", "redis": "ok"}}


NOWHERE = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "unix:///nowhere/redis.sock"}}


@pytest.mark.django_db
def test_it_is_ready_but_less_well_while_redis_is_away(client: Client) -> None:
    with override_settings(CACHES=NOWHERE):
        answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "checks": {"postgresql": "ok", "redis": "down"}}


def test_head_is_answered_and_post_is_not(client: Client) -> None:
    assert client.head("/health/live").status_code == 200
    assert client.post("/health/live").status_code == 405
