"""A token that is kept, and exchanged by one on behalf of all."""

import threading
from collections.abc import Callable, Iterator

import pytest

from providers import deadline
from providers.errors import ErrorClass, ProviderError, unbelievable
from providers.tests.clocks import Stopped
from providers.tokens import Tokens, token_in
from providers.transport import Secret
from providers.turns import turns


class Office:
    """Gives out the tokens "1", "2" and so on, each good for `seconds`; fails as often as it is told to."""

    def __init__(self) -> None:
        self.given = 0
        self.fails = 0
        self.seconds = 3600.0
        self.asked = threading.Event()
        self.is_open = threading.Event()
        self.is_open.set()

    def __call__(self) -> tuple[Secret, float]:
        self.asked.set()
        self.is_open.wait(60)
        if self.fails:
            self.fails -= 1
            raise unbelievable("no token today")
        self.given += 1
        return Secret(str(self.given)), self.seconds


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.is_open.set()


@pytest.fixture
def time() -> Stopped:
    return Stopped()


@pytest.fixture
def tokens(office: Office, time: Stopped) -> Tokens:
    return Tokens(office, clock=time.clock)


def begun(count: int, work: Callable[[], object]) -> list[threading.Thread]:
    """Begin the work in so many threads."""
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_a_token_is_used_until_half_a_minute_before_its_end(tokens: Tokens, time: Stopped) -> None:
    assert tokens.current().reveal() == "1"
    time.passes(3569)
    assert tokens.current().reveal() == "1"
    time.passes(1)
    assert tokens.current().reveal() == "2"


@pytest.mark.parametrize("seconds", [0, -5, 30])
def test_a_token_that_is_about_to_end_is_used_once(tokens: Tokens, office: Office, seconds: float) -> None:
    office.seconds = seconds
    assert [tokens.current().reveal(), tokens.current().reveal()] == ["1", "2"]


def test_a_token_that_is_refused_is_replaced_once(tokens: Tokens, office: Office) -> None:
    first = tokens.current()
    assert tokens.instead_of(first).reveal() == "2"
    assert tokens.instead_of(first).reveal() == "2"
    assert tokens.current().reveal() == "2"
    assert office.given == 2


def test_what_replaced_a_refused_token_ends_like_any_other(tokens: Tokens, time: Stopped) -> None:
    first = tokens.current()
    tokens.instead_of(first)
    time.passes(3570)
    assert tokens.instead_of(first).reveal() == "3"


def test_a_refused_token_is_not_used_again_whatever_comes_of_the_exchange(
    tokens: Tokens, office: Office
) -> None:
    first, office.fails = tokens.current(), 1
    with pytest.raises(ProviderError):
        tokens.instead_of(first)
    assert tokens.current().reveal() == "2"


def test_after_a_failed_exchange_the_next_one_asks_again(tokens: Tokens, office: Office) -> None:
    office.fails = 1
    with pytest.raises(ProviderError):
        tokens.current()
    assert tokens.current().reveal() == "1"


def test_of_many_who_need_a_token_one_asks(tokens: Tokens, office: Office) -> None:
    told: list[str] = []
    office.is_open.clear()
    threads = begun(8, lambda: told.append(tokens.current().reveal()))
    office.is_open.set()
    for thread in threads:
        thread.join(30)
    assert told == ["1"] * 8
    assert office.given == 1


def test_of_many_whose_token_is_refused_one_asks_for_another(tokens: Tokens, office: Office) -> None:
    told: list[str] = []
    first = tokens.current()
    office.is_open.clear()
    threads = begun(8, lambda: told.append(tokens.instead_of(first).reveal()))
    office.is_open.set()
    for thread in threads:
        thread.join(30)
    assert told == ["2"] * 8
    assert office.given == 2


def test_who_waits_for_a_token_holds_up_nobody(tokens: Tokens, office: Office) -> None:
    """A turn kept while waiting would be the turn that the one who asks needs to go on."""

    def ask() -> None:
        with turns.taken():
            tokens.current()

    office.is_open.clear()
    threads = begun(3, ask)
    assert office.asked.wait(10)
    with turns.taken():  # all three have given theirs back, or not come so far
        office.is_open.set()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize(("seconds", "wait"), [(0.05, 60.0), (60.0, 0.05)])
def test_nobody_waits_for_anothers_exchange_beyond_their_own_time(
    office: Office, time: Stopped, seconds: float, wait: float
) -> None:
    tokens = Tokens(office, wait=wait, clock=time.clock)
    office.is_open.clear()
    (first,) = begun(1, tokens.current)
    assert office.asked.wait(10)
    with deadline.within(seconds), pytest.raises(ProviderError) as caught:
        tokens.current()
    assert caught.value.reason is ErrorClass.TIMEOUT
    office.is_open.set()
    first.join(30)
    assert tokens.current().reveal() == "1"


def test_a_token_is_what_can_stand_in_a_header() -> None:
    assert token_in({"access_token": "Atza|t0k3n"}, longest=10).reveal() == "Atza|t0k3n"
    others: list[object] = [None, 7, "", "two words", "x\r\nHost: evil", "x\n", "é", "x" * 11, ["x"]]
    for value in others:
        with pytest.raises(ProviderError) as caught:
            token_in({"access_token": value}, longest=10)
        assert caught.value.reason is ErrorClass.INVALID_ANSWER
    with pytest.raises(ProviderError):
        token_in({}, longest=10)


def test_a_token_is_shown_by_nothing() -> None:
    tokens = Tokens(lambda: (Secret("t0k3n"), 3600))
    token = tokens.current()
    assert token.reveal() == "t0k3n"
    assert "t0k3n" not in f"{token} {tokens!r} {tokens._kept!r} {vars(tokens)!r}"
