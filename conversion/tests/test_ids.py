"""How the ids of conversions are written."""

import uuid

import pytest

from conversion.ids import read, shown

AN_ID = "cnv_01M7WFKV43SJVE1JF5CSSDCCV6"


def test_an_id_that_is_read_is_shown_alike() -> None:
    assert shown(read(AN_ID)) == AN_ID


def test_all_bits_are_kept() -> None:
    numbers = [uuid.UUID(int=0), uuid.UUID(int=(1 << 128) - 1), uuid.uuid4()]
    assert [read(shown(number)) for number in numbers] == numbers


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cnv_",
        "req_" + AN_ID[4:],
        AN_ID[4:],
        AN_ID + "0",
        AN_ID.lower(),
        "cnv_8" + AN_ID[5:],
        f"{AN_ID}\n",
    ],
)
def test_what_never_was_an_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="id"):
        read(text)
