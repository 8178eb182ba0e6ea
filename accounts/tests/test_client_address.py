"""One notion of the client's address."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from accounts.adapter import AccountAdapter
from accounts.client_address import address_group, client_address, client_of

PROXIES = ["10.0.0.0/8", "2001:db8:ffff::/48"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        # nobody is trusted who is not a proxy of ours
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("192.0.2.1", "10.0.0.1", "192.0.2.1"),
        # a proxy of ours is asked
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.2.3.4", "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1,198.51.100.7,10.9.9.9", "198.51.100.7"),
        ("2001:db8:ffff::1", "2001:db8::7", "2001:db8::7"),
        # in whatever form it writes
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        # nothing, or nonsense
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, , 10.2.3.4", "10.2.3.4"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("", "198.51.100.7", ""),
        ("a socket", "198.51.100.7", ""),
    ],
)
def test_reads_from_the_right_as_far_as_proxies_are_trusted(
    rf: RequestFactory, settings: Settings, peer: str, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    request = rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == expected


def test_nobody_is_trusted_unless_it_is_said(rf: RequestFactory, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = []
    request = rf.get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.7")
    assert client_address(request) == "127.0.0.1"


def test_a_mistake_in_the_setting_is_not_overlooked(rf: RequestFactory, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.300/8"]
    with pytest.raises(ValueError, match="does not appear to be"):
        client_address(rf.get("/"))


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "unknown"),
    ],
)
def test_limits_count_a_network_of_ipv6_as_one(address: str, group: str) -> None:
    assert address_group(address) == group


def test_what_the_program_calls_itself_is_cut(rf: RequestFactory) -> None:
    client = client_of(rf.get("/", HTTP_USER_AGENT="x" * 500))
    assert (client.address, client.user_agent) == ("127.0.0.1", "x" * 200)


def test_what_the_program_calls_itself_is_one_line_of_text(rf: RequestFactory) -> None:
    assert client_of(rf.get("/", HTTP_USER_AGENT="curl\0/8\r\n\x1b[31m")).user_agent == "curl/8[31m"


def test_allauth_has_the_same_notion(rf: RequestFactory, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.7")
    assert AccountAdapter(request).get_client_ip(request) == "198.51.100.7"
