"""Lists of addresses: one spelling for each, and who is in."""

import pytest

from accounts.networks import allows, are_within, canonical, in_order, network_of


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7/32", "203.0.113.7"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("2001:db8::1/64", "2001:db8::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7/120", "203.0.113.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_each_network_has_one_spelling(text: str, spelling: str) -> None:
    assert canonical(text) == spelling
    assert canonical(spelling) == spelling


@pytest.mark.parametrize(
    "text",
    ["", "x", "1", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.0/33", "fe80::1%eth0", "::/129", "1/1/1"],
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - several modules word it
        canonical(text)


def test_a_list_has_each_network_once_and_an_order() -> None:
    assert in_order(["::1", "10.0.0.9", "9.0.0.0/8", "10.0.0.9", "9.0.0.0/16"]) == [
        "9.0.0.0/8",
        "9.0.0.0/16",
        "10.0.0.9",
        "::1",
    ]


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        ("10.255.0.1", True),
        ("11.0.0.1", False),
        ("2001:db8::ffff", True),
        ("2001:db9::1", False),
        ("", False),
        ("unknown", False),
    ],
)
def test_an_address_is_in_or_out(address: str, is_in: bool) -> None:
    assert allows([network_of("10.0.0.0/8"), network_of("2001:db8::/32")], address) is is_in


@pytest.mark.parametrize(
    ("inner", "outer", "is_within"),
    [
        (["10.1.0.0/16", "10.2.3.4"], ["10.0.0.0/8"], True),
        (["10.1.0.0/16", "11.0.0.1"], ["10.0.0.0/8"], False),
        (["10.0.0.0/8"], ["10.1.0.0/16"], False),
        (["::1"], ["0.0.0.0/0"], False),
        (["10.0.0.1"], ["::/0"], False),
        (["2001:db8::1"], ["10.0.0.0/8", "2001:db8::/32"], True),
        ([], ["10.0.0.0/8"], True),
    ],
)
def test_a_list_lies_within_another_or_not(inner: list[str], outer: list[str], is_within: bool) -> None:
    assert are_within(map(network_of, inner), map(network_of, outer)) is is_within
