"""What the database keeps of a call that may be repeated."""

import pytest
from cryptography.exceptions import InvalidTag
from pytest_django import Settings

from api.sealing import Seal, seal_of

SCOPE = ("account:1", "POST", "/api/v1/x", "k")


def seal(scope: tuple[str, ...] = SCOPE, body: bytes = b"{}") -> Seal:
    return seal_of(scope=scope, body=body)


def test_the_same_call_has_the_same_seal() -> None:
    assert seal() == seal()
    assert seal().open(seal().close(b"answer")) == b"answer"


def test_the_same_answer_is_never_written_the_same_way() -> None:
    assert seal().close(b"answer") != seal().close(b"answer")


def test_the_body_does_not_change_the_name() -> None:
    other = seal(body=b"[]")
    assert other.name == seal().name
    assert other.fingerprint != seal().fingerprint
    assert other.key != seal().key


@pytest.mark.parametrize("place", range(len(SCOPE)))
def test_every_part_of_the_scope_counts(place: int) -> None:
    other = seal(scope=(*SCOPE[:place], "other", *SCOPE[place + 1 :]))
    for name in Seal.__slots__:
        assert getattr(other, name) != getattr(seal(), name)


def test_parts_do_not_run_together() -> None:
    assert seal(scope=("a", "bc")).name != seal(scope=("ab", "c")).name


def test_without_the_secret_nothing_can_be_found_or_opened(settings: Settings) -> None:
    ours = seal()
    sealed = ours.close(b"answer")
    settings.SECRET_KEY = "another"
    assert seal().name != ours.name
    with pytest.raises(InvalidTag):
        seal().open(sealed)


def test_a_changed_answer_does_not_open() -> None:
    sealed = bytearray(seal().close(b"answer"))
    sealed[-1] ^= 1
    with pytest.raises(InvalidTag):
        seal().open(bytes(sealed))
