"""Each magic code fails in its own way, and the documentation lists them all."""

import re
from pathlib import Path

import pytest

from providers.base import Match, Part
from providers.errors import ErrorClass, ProviderError
from providers.identifiers import asin, fnsku
from providers.sample import failures
from providers.sample.provider import SampleIdentifierProvider, SampleProvider

GUIDE = Path(__file__).parents[3] / "docs" / "sample-provider.md"
CORE = frozenset({Part.CORE})
GOOD = "B07ZPKCJ6X"


def constants(prefix: str) -> set[str]:
    return {
        value for name, value in vars(failures).items() if name.startswith(prefix) and isinstance(value, str)
    }


def documented(pattern: str) -> dict[str, str]:
    """Return code and reason of each row of the guide's tables whose code matches."""
    return dict(
        re.findall(rf"^\| `({pattern})` \|[^|]*\| (.+?) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    )


def test_the_magic_codes_are_valid_codes() -> None:
    for code in {*failures.PRODUCT_FAILURES, *constants("PRODUCT_")}:
        assert asin(code) == code
    for code in {*failures.CODE_FAILURES, *constants("CODE_")}:
        assert fnsku(code) == code


@pytest.mark.parametrize(
    ("pattern", "raising", "prefix"),
    [
        ("B0[A-Z0-9]{8}", failures.PRODUCT_FAILURES, "PRODUCT_"),
        ("X00[A-Z0-9]{7}", failures.CODE_FAILURES, "CODE_"),
    ],
)
def test_the_guide_lists_exactly_the_codes_there_are(
    pattern: str, raising: dict[str, failures.Failure], prefix: str
) -> None:
    listed = documented(pattern)
    assert set(listed) == {*raising, *constants(prefix)}
    for code, failure in raising.items():
        assert listed[code] == f"`{failure.reason}`"


def test_every_reason_that_is_an_error_can_be_provoked() -> None:
    provoked = {failure.reason for failure in failures.PRODUCT_FAILURES.values()}
    assert provoked | {ErrorClass.PARTIAL, ErrorClass.NOT_FOUND} == set(ErrorClass)


@pytest.mark.parametrize("code", sorted(failures.PRODUCT_FAILURES))
def test_a_failing_asin_fails_the_whole_call(code: str) -> None:
    expected = failures.PRODUCT_FAILURES[code]
    with pytest.raises(ProviderError) as caught:
        SampleProvider(timeout_ms=0).products([GOOD, code], marketplace="US", parts=CORE)
    error = caught.value
    assert (error.reason, error.retryable, error.retry_after) == (
        expected.reason, expected.retryable, expected.retry_after
    )  # fmt: skip
    assert str(error).startswith("sample: ")


@pytest.mark.parametrize("code", sorted(failures.CODE_FAILURES))
def test_a_failing_fnsku_fails_the_whole_call(code: str) -> None:
    with pytest.raises(ProviderError) as caught:
        SampleIdentifierProvider(timeout_ms=0).resolve(["X0001ABCDE", code], marketplace="US")
    assert caught.value.reason is failures.CODE_FAILURES[code].reason


def test_a_limit_says_how_long_to_wait() -> None:
    failure = failures.PRODUCT_FAILURES["B0FAIL0429"]
    assert (failure.retryable, failure.retry_after) == (True, 30)


def test_only_the_time_out_is_slow() -> None:
    naps: list[float] = []
    provider = SampleProvider(latency_ms=100, timeout_ms=4000, sleep=naps.append)
    for code in ("B0FAIL0504", "B0FAIL0500"):
        with pytest.raises(ProviderError):
            provider.products([code], marketplace="US", parts=CORE)
    assert naps == [0.1, 4.0, 0.1]


def test_not_found_is_an_answer() -> None:
    answered = SampleProvider().products([failures.PRODUCT_NOT_FOUND, GOOD], marketplace="US", parts=CORE)
    assert answered[failures.PRODUCT_NOT_FOUND] is None
    assert answered[GOOD] is not None


def test_a_product_can_be_left_out_of_an_answer() -> None:
    answered = SampleProvider().products([failures.PRODUCT_LEFT_OUT, GOOD], marketplace="US", parts=CORE)
    assert set(answered) == {GOOD}


def test_left_out_and_alone_is_an_error() -> None:
    with pytest.raises(ProviderError) as caught:
        SampleProvider().products([failures.PRODUCT_LEFT_OUT], marketplace="US", parts=CORE)
    assert caught.value.reason is ErrorClass.PARTIAL


def test_an_answer_can_be_for_another_product() -> None:
    code = failures.PRODUCT_OF_ANOTHER_ASIN
    product = SampleProvider().products([code], marketplace="US", parts=CORE)[code]
    assert product
    assert product.asin != code


def test_a_price_can_be_below_zero() -> None:
    code = failures.PRODUCT_WITH_NEGATIVE_PRICE
    product = SampleProvider().products([code], marketplace="US", parts=CORE)[code]
    assert product
    assert product.price
    assert product.price.amount < 0


def test_an_answer_can_lack_price_and_rating_and_their_provenance() -> None:
    code = failures.PRODUCT_WITHOUT_PRICE
    product = SampleProvider().products([code], marketplace="US", parts=CORE)[code]
    assert product
    assert (product.price, product.list_price, product.rating, product.rating_count) == (None,) * 4
    assert product.title
    assert "title" in product.provenance
    assert not {"price", "list_price", "rating", "rating_count"} & set(product.provenance)


def test_an_fnsku_nobody_knows_is_an_answer() -> None:
    codes = [failures.CODE_NOT_FOUND, "X0001ABCDE"]
    answered = SampleIdentifierProvider().resolve(codes, marketplace="US")
    assert answered[failures.CODE_NOT_FOUND] is None
    assert isinstance(answered["X0001ABCDE"], Match)


def test_an_fnsku_can_lead_to_two_asins_or_to_none() -> None:
    codes = [failures.CODE_OF_TWO_ASINS, failures.CODE_OF_NO_ASIN]
    two, none = SampleIdentifierProvider().resolve(codes, marketplace="US").values()
    assert two
    assert len(set(two.asins)) == 2
    assert none
    assert none.asins == ("NOT-AN-ASIN",)
