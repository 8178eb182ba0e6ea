"""The spelling of an address that is stored, and the mailbox behind it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.emails import mailbox_of, normalise_email
from accounts.errors import InvalidEmail


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ann@example.com", "ann@example.com"),
        (" Ann@Example.COM\t", "ann@example.com"),
        ("\u00a0ann@example.com\n", "ann@example.com"),
        ("ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ann@example.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
        ("ann@bu\u0308cher.example", "ann@xn--bcher-kva.example"),
        ("ann@straße.example", "ann@xn--strae-oqa.example"),
        ("ann@例え。jp", "ann@xn--r8jz45g.jp"),
        ("ann+shop@example.com", "ann+shop@example.com"),
        ('"a@b"@example.com', '"a@b"@example.com'),
    ],
)
def test_one_spelling_is_stored(typed: str, stored: str) -> None:
    assert normalise_email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "ann",
        "@example.com",
        "ann@",
        "ann@example",
        "ann@@example.com",
        "ann@exa_mple..com",
        "a b@example.com",
        "ann@example.com\nBcc: x@example.com",
        "ann\0@example.com",
        "ann@ex\0ample.com",
        "a" * 300 + "@example.com",
        "änn@example.com",
        "ann@xn--ü.example",
        "ann@" + "a" * 64 + ".com",
        f"ann@{'a.' * 126}com",
        f"{'a' * 60}@{'a.' * 100}com",
        "ann@\ud800.com",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidEmail):
        normalise_email(typed)


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("ann@example.com", "ann@example.com"),
        ("ann+shop@example.com", "ann@example.com"),
        ("ann+a+b@example.com", "ann@example.com"),
        ("a.n.n@example.com", "a.n.n@example.com"),
        ("a.n.n@gmail.com", "ann@gmail.com"),
        ("a.n.n+x.y@googlemail.com", "ann@gmail.com"),
        ("+x@example.com", "+x@example.com"),
        ('"ann"@example.com', "ann@example.com"),
        ('"\\an\\n+shop"@example.com', "ann@example.com"),
        ('"a.nn"@gmail.com', "ann@gmail.com"),
        ('""@example.com', '""@example.com'),
        ("+.@gmail.com", "+@gmail.com"),
        ("ann@gmail.com.example.com", "ann@gmail.com.example.com"),
    ],
)
def test_one_mailbox_has_one_name(email: str, mailbox: str) -> None:
    assert mailbox_of(email) == mailbox


@given(st.text(max_size=40) | st.emails())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    try:
        once = normalise_email(text)
    except InvalidEmail:
        return
    assert normalise_email(once) == once
    assert mailbox_of(mailbox_of(once)) == mailbox_of(once)
    assert once.isascii()
    assert len(mailbox_of(once)) <= 254
