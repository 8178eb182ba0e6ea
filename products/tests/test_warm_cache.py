"""manage.py warm_cache: a list in, answers kept, and an account of every line."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import User
from products import tally, warming
from products.management.commands import warm_cache
from products.models import Product
from products.tests.factories import ASIN, Upstream, a_product, full, purse, upstream
from providers.base import Part, ProductData
from providers.errors import ErrorClass, ProviderError

pytestmark = pytest.mark.django_db
ABSENT, BROKEN = "B0ABSENT01", "B0BROKEN01"


def says(asin: str, place: str, parts: frozenset[Part]) -> ProductData | None:
    if asin == BROKEN:
        raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)
    return None if asin == ABSENT else a_product(asin=asin, marketplace=place)


@pytest.fixture
def calls(settings: Settings) -> list[str]:
    """The ASINs that were asked for upstream."""
    asked: list[str] = []
    settings.PROVIDERS = [upstream("counted", says, asked)]
    return asked


def warm(path: Path | str, *options: str) -> tuple[str, str]:
    """What the command says, and what it complains of."""
    said, complained = io.StringIO(), io.StringIO()
    call_command("warm_cache", str(path), *options, stdout=said, stderr=complained)
    return said.getvalue(), complained.getvalue()


def a_file(folder: Path, *lines: str) -> Path:
    path = folder / "list.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def numbered(count: int) -> list[str]:
    return [f"B0{number:08d}" for number in range(count)]


def test_each_line_is_accounted_for(tmp_path: Path, calls: list[str]) -> None:
    warm(a_file(tmp_path, ASIN))
    lines = [ASIN, "B0NEW00001", "X0001ABCDE", "B0NEW00001", ABSENT, BROKEN]
    said, complained = warm(a_file(tmp_path, *lines))
    assert said == (
        "1 kept already, 1 asked, 1 not found, 1 failed, 1 given more than once, 1 lines without an ASIN\n"
    )
    assert complained.startswith("line 3: X0001ABCDE is an FNSKU")
    assert calls == [ASIN] + ["B0NEW00001", ABSENT, BROKEN] * 2, "at once, and as that failed one by one"


def test_what_was_asked_is_kept_and_nobody_is_charged(tmp_path: Path, calls: list[str], alice: User) -> None:
    warm(a_file(tmp_path, *numbered(3)), "--marketplace", "de")
    assert set(Product.objects.values_list("marketplace", flat=True)) == {"DE"}
    assert Product.objects.count() == 3
    assert purse(alice) == full(100)
    assert {str(noted.outcome) for noted in tally.writer.waiting} == {"prefetched"}


def test_upstreams_are_asked_in_batches_of_their_size(
    tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    together: list[int] = []

    def products(self: Upstream, asins: list[str], **how: Any) -> dict[str, ProductData | None]:
        together.append(len(asins))
        return {asin: a_product(asin=asin) for asin in asins}

    monkeypatch.setattr(Upstream, "products", products)
    warm(a_file(tmp_path, *numbered(250)))
    monkeypatch.setattr(Upstream, "max_batch", 10)
    warm(a_file(tmp_path, *numbered(25)), "--max-age", "0")
    assert together == [100, 100, 50, 10, 10, 5]


def test_a_second_run_asks_nobody(tmp_path: Path, calls: list[str]) -> None:
    path = a_file(tmp_path, *numbered(3))
    warm(path)
    assert warm(path)[0].startswith("3 kept already, 0 asked")
    assert len(calls) == 3


def test_max_age_says_how_old_a_kept_answer_may_be(tmp_path: Path, calls: list[str]) -> None:
    path = a_file(tmp_path, ASIN)
    warm(path)
    with time_machine.travel(timedelta(seconds=100), tick=False):
        warm(path, "--max-age", "200")
        assert len(calls) == 1
        warm(path, "--max-age", "50")
        assert len(calls) == 2
    warm(path, "--max-age", "0")
    assert len(calls) == 3


def test_a_budget_is_for_upstreams_only(tmp_path: Path, calls: list[str]) -> None:
    names = numbered(6)
    warm(a_file(tmp_path, *names[:2]))
    said, _ = warm(a_file(tmp_path, *names), "--budget", "3")
    assert said.startswith("2 kept already, 3 asked")
    assert said.endswith("The budget of 3 is used up\n")
    assert len(calls) == 5


def test_that_there_is_no_such_product_is_kept_too_and_costs_no_budget(
    tmp_path: Path, calls: list[str]
) -> None:
    warm(a_file(tmp_path, ABSENT))
    said, _ = warm(a_file(tmp_path, ABSENT, ASIN), "--budget", "1")
    assert said.startswith("1 kept already, 1 asked, 0 not found")
    assert calls == [ABSENT, ASIN]


def test_a_batch_of_which_the_rest_is_kept_is_asked_one_by_one_when_it_fails(
    tmp_path: Path, calls: list[str]
) -> None:
    warm(a_file(tmp_path, ABSENT))
    said, _ = warm(a_file(tmp_path, ABSENT, BROKEN, ASIN))
    assert said.startswith("1 kept already, 1 asked, 0 not found, 1 failed")


def test_it_reads_the_standard_input(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"title,asin\nThing,{ASIN}\n"))
    assert warm("-")[0].startswith("0 kept already, 1 asked")


def test_it_says_how_far_it_is(tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_cache, "EVERY", 2)
    said, _ = warm(a_file(tmp_path, *numbered(5)))
    assert [line.split(",")[1] for line in said.splitlines()] == [" 2 asked", " 4 asked", " 5 asked"]


@pytest.mark.parametrize(
    "lines", [(), ("X0001ABCDE",), (BROKEN,), (BROKEN, "X0001ABCDE")], ids=["empty", "bad", "down", "both"]
)
def test_when_nothing_came_of_it_the_exit_code_says_so(
    tmp_path: Path, calls: list[str], lines: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError, match="nothing came of any line"):
        warm(a_file(tmp_path, *lines))


def test_when_nobody_answers_it_gives_up(
    tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(warming, "FAILURES", 4)
    path = a_file(tmp_path, *numbered(10))
    warm(path, "--budget", "1")

    def down(asin: str, place: str, parts: frozenset[Part]) -> None:
        raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)

    settings.PROVIDERS = [upstream("down", down, calls)]
    with pytest.raises(CommandError, match="gave up: the last 4 failed"):
        warm(path)
    assert len(calls) == 1 + 9 + 4


def test_what_is_kept_does_not_hide_that_nobody_answers(
    tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(warming, "FAILURES", 3)
    monkeypatch.setattr(Upstream, "max_batch", 1)
    names = numbered(12)
    warm(a_file(tmp_path, *names[::2]))

    def down(asin: str, place: str, parts: frozenset[Part]) -> None:
        raise ProviderError("down", retryable=True, reason=ErrorClass.UPSTREAM_DOWN)

    settings.PROVIDERS = [upstream("down", down, calls)]
    with pytest.raises(CommandError, match="gave up: the last 3 failed"):
        warm(a_file(tmp_path, *names))


def test_a_stale_answer_is_no_success(tmp_path: Path, calls: list[str], settings: Settings) -> None:
    path = a_file(tmp_path, ASIN)
    warm(path)

    def breaks(asin: str, place: str, parts: frozenset[Part]) -> None:
        raise KeyError("a fault of ours")

    settings.PROVIDERS = [upstream("broken", breaks, calls)]
    with pytest.raises(CommandError):
        warm(path, "--max-age", "0")


def test_more_lines_than_are_remembered_are_asked_for_once_all_the_same(
    tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warming, "MOST_SEEN", 2)
    monkeypatch.setattr(warming, "LARGEST", 2)
    names = numbered(5)
    said, _ = warm(a_file(tmp_path, *names, *names))
    assert said.startswith("5 kept already, 5 asked")
    assert calls == names


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        ("nowhere.txt", (), "No such file"),
        (".", (), "Is a directory"),
        ("-", ("--marketplace", "Mars"), "Mars"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(path: str, options: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        warm(path, *options)


def test_a_marketplace_that_nobody_serves_ends_it(tmp_path: Path, settings: Settings) -> None:
    settings.PROVIDERS = []
    with pytest.raises(CommandError, match="no configured provider serves the marketplace US"):
        warm(a_file(tmp_path, ASIN))
