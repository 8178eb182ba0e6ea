"""An answer that is wrong is given to nobody again: not cached, not stale, not by who was just reading it."""

from collections.abc import Sequence
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django_redis import get_redis_connection
from pytest_django import Settings
from redis.exceptions import RedisError
from rest_framework.test import APIClient

from accounts.models import AuditEvent, User
from accounts.tests.factories import a_user, bearing, key_of, logged_in
from products import memory, services, tally
from products.models import Observation, Product
from products.store import RedisThenPostgres, cache_key, read_cache
from products.tests.factories import ASIN, a_product, full, kept_answer, purse, upstream
from providers.base import Part
from providers.errors import ErrorClass, ProviderError

pytestmark = pytest.mark.django_db
PATH = f"/api/v1/products/{ASIN}"
CACHE = f"{PATH}/cache"


@pytest.fixture
def operator() -> User:
    """Someone who runs this install."""
    return a_user(is_staff=True, is_superuser=True)


@pytest.fixture
def as_operator(operator: User) -> APIClient:
    """The operator's session."""
    return bearing(logged_in(operator).access_token)


@pytest.fixture
def calls(settings: Settings) -> list[str]:
    """The ASINs that were asked for upstream."""
    asked: list[str] = []
    settings.PROVIDERS = [upstream("counted", lambda asin, place, parts: a_product(), asked)]
    return asked


def forget(marketplace: str = "US") -> bool:
    return services.forget(asin=ASIN, marketplace=marketplace, by=None)


# --- what it does ---


def test_the_next_lookup_asks_an_upstream_and_the_history_stays(
    as_alice: APIClient, calls: list[str]
) -> None:
    as_alice.get(PATH)
    before = Observation.objects.count()
    assert forget()
    assert (Product.objects.count(), Observation.objects.count()) == (0, before)
    assert as_alice.get(PATH).json()["data"]["freshness"] == "fresh"
    assert as_alice.get(PATH).json()["data"]["freshness"] == "cached"
    assert calls == [ASIN, ASIN]


def test_it_is_not_given_as_stale_either(as_alice: APIClient, alice: User, settings: Settings) -> None:
    as_alice.get(PATH)

    def down(asin: str, place: str, parts: frozenset[Part]) -> None:
        raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)

    settings.PROVIDERS = [upstream("down", down)]
    assert as_alice.get(PATH, {"max_age": "0"}).json()["data"]["freshness"] == "stale"
    forget()
    assert as_alice.get(PATH).status_code == 503
    assert as_alice.get(PATH, {"only_if_cached": "true"}).status_code == 504
    assert purse(alice) == full(99, charges=1)


def test_that_there_is_no_such_product_can_be_forgotten_too(as_alice: APIClient, settings: Settings) -> None:
    settings.PROVIDERS = [upstream("knows nothing", lambda asin, place, parts: None)]
    assert as_alice.get(PATH).status_code == 404
    settings.PROVIDERS = [upstream("knows it", lambda asin, place, parts: a_product())]
    assert as_alice.get(PATH).status_code == 404
    forget()
    assert as_alice.get(PATH).status_code == 200


def test_in_other_marketplaces_it_is_still_kept() -> None:
    store = RedisThenPostgres()
    store.put(kept_answer(), keep_seconds=60)
    elsewhere = kept_answer(marketplace="DE", product=a_product(marketplace="DE"))
    store.put(elsewhere, keep_seconds=60)
    forget("DE")
    assert (store.get(ASIN, "DE"), store.get(ASIN, "US") is not None) == (None, True)


def test_twice_does_no_harm_and_says_that_there_was_nothing() -> None:
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    assert [forget(), forget()] == [True, False]


def test_what_only_redis_or_only_the_row_kept_is_forgotten() -> None:
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    cache.clear()
    assert forget()
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    Product.objects.all().delete()
    assert forget()
    assert RedisThenPostgres().get(ASIN, "US") is None


def test_whoever_has_just_read_the_row_does_not_bring_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    cache.clear()

    def recall_slowly(asins: Sequence[str], marketplace: str) -> dict[str, bytes]:
        found = memory.recall(asins, marketplace)
        forget()
        return found

    monkeypatch.setattr("products.store.recall", recall_slowly)
    assert RedisThenPostgres().get(ASIN, "US") is not None  # theirs, as they came before
    monkeypatch.undo()
    assert RedisThenPostgres().get(ASIN, "US") is None


def test_an_entry_that_cannot_be_read_is_still_replaced_by_what_the_row_says() -> None:
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    written = read_cache([ASIN], "US")
    get_redis_connection("default").set(cache_key(ASIN, "US"), b'{"v": 0}')
    RedisThenPostgres().get(ASIN, "US")
    assert read_cache([ASIN], "US") == written


def test_without_redis_nothing_is_forgotten_and_it_is_said(redis_away: None) -> None:
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    with pytest.raises(RedisError):
        forget()
    assert Product.objects.exists()
    assert not AuditEvent.objects.filter(action="product:forget").exists()


# --- who may ---


def test_an_operator_forgets_by_the_api_and_it_is_written_down(
    as_operator: APIClient, operator: User
) -> None:
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    for _ in range(2):
        answer = as_operator.delete(f"{CACHE}?marketplace=us")
        assert (answer.status_code, answer.content) == (204, b"")
    assert RedisThenPostgres().get(ASIN, "US") is None
    events = AuditEvent.objects.filter(action="product:forget").order_by("id")
    assert [event.metadata["was_kept"] for event in events] == [True, False]
    assert {(event.actor, event.target) for event in events} == {(operator, f"product:US:{ASIN}")}


def test_nobody_else_does(as_alice: APIClient, anyone: APIClient, operator: User) -> None:
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    refusals = [
        (anyone, 401, "authentication_required"),
        (as_alice, 403, "permission_denied"),
        (bearing(key_of(operator)[1]), 403, "session_required"),
    ]
    for client, status, code in refusals:
        answer = client.delete(CACHE)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert RedisThenPostgres().get(ASIN, "US") is not None
    assert not AuditEvent.objects.filter(action="product:forget").exists()


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        (f"{CACHE}?marketplace=XX", "#/marketplace"),
        (f"{CACHE}?asin={ASIN}", "#/asin"),
        ("/api/v1/products/X0001ABCDE/cache", "#/asin"),
        (f"{CACHE}?colour=red", "#/colour"),
    ],
)
def test_what_is_no_product_is_named(as_operator: APIClient, path: str, pointer: str) -> None:
    answer = as_operator.delete(path)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_operators_forget_in_the_admin(client: Client, operator: User) -> None:
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    client.force_login(operator, backend="accounts.backends.EmailBackend")
    page = "/admin/products/product/"
    assert "Forget these answers" in client.get(page).content.decode()
    chosen = {"action": "forget", "_selected_action": [Product.objects.get().pk]}
    answer = client.post(page, chosen, follow=True)
    assert "1 forgotten" in answer.content.decode()
    assert RedisThenPostgres().get(ASIN, "US") is None
    assert AuditEvent.objects.get(action="product:forget").actor == operator


def test_the_command_says_what_became_of_it() -> None:
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    said = StringIO()
    for _ in range(2):
        call_command("forget", f"https://www.amazon.com/dp/{ASIN}", marketplace="us", stdout=said)
    assert said.getvalue() == f"{ASIN} US: forgotten\n{ASIN} US: nothing was kept\n"
    assert {event.actor for event in AuditEvent.objects.filter(action="product:forget")} == {None}


@pytest.mark.parametrize(("asin", "marketplace"), [("X0001ABCDE", "US"), (ASIN, "Mars")])
def test_the_command_refuses_what_is_no_product(asin: str, marketplace: str) -> None:
    with pytest.raises(CommandError):
        call_command("forget", asin, marketplace=marketplace)


def test_a_lookup_after_it_is_counted_as_a_miss(as_alice: APIClient, calls: list[str]) -> None:
    as_alice.get(PATH)
    forget()
    tally.writer.waiting.clear()
    as_alice.get(PATH)
    [noted] = tally.writer.waiting
    assert str(noted.outcome) == "misses"
