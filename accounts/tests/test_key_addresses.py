"""A key that is bound to addresses, and who says which address a call comes from."""

from typing import Any

import pytest
from pytest_django import Settings

from accounts import authentication, keys
from accounts.errors import IPNotAllowed
from accounts.tests.factories import a_user, bearing, key_of

pytestmark = pytest.mark.django_db
ME = "/api/v1/auth/me"
OFFICE = ["203.0.113.0/24", "2001:db8::/32"]


def from_address(address: str, allowed: list[str], **headers: str) -> Any:
    client: Any = bearing(key_of(a_user(), allowed_ips=allowed)[1])
    return client.get(ME, REMOTE_ADDR=address, **headers)


@pytest.mark.parametrize("address", ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::5"])
def test_from_its_addresses_the_key_is_good(address: str) -> None:
    assert from_address(address, OFFICE).status_code == 200


@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db9::1", "::1"])
def test_from_elsewhere_it_is_refused(address: str) -> None:
    answer = from_address(address, OFFICE)
    body = answer.json()
    assert (answer.status_code, body["code"], body["address"]) == (403, "ip_not_allowed", address)
    assert "X-Credits-Charged" not in answer


def test_where_the_address_is_not_known_it_is_refused() -> None:
    answer = from_address("", OFFICE)
    assert (answer.json()["code"], answer.json()["address"]) == ("ip_not_allowed", None)


@pytest.mark.parametrize("header", ["X_FORWARDED_FOR", "X_REAL_IP", "FORWARDED", "TRUE_CLIENT_IP"])
def test_a_forged_address_does_not_help(header: str) -> None:
    forged = "for=203.0.113.7" if header == "FORWARDED" else "203.0.113.7"
    answer = from_address("198.51.100.1", OFFICE, **{f"HTTP_{header}": forged})
    assert answer.json()["address"] == "198.51.100.1"


def test_behind_a_proxy_of_ours_the_client_counts(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert from_address("10.0.0.1", OFFICE, HTTP_X_FORWARDED_FOR="203.0.113.7").status_code == 200
    forged = from_address("10.0.0.1", OFFICE, HTTP_X_FORWARDED_FOR="203.0.113.7, 198.51.100.1")
    assert forged.json()["address"] == "198.51.100.1"


def test_only_who_has_the_whole_key_learns_that_it_is_bound() -> None:
    _, plaintext = key_of(a_user(), allowed_ips=OFFICE)
    body = plaintext[9:19] + "0" * 32
    guess = keys.MARK + body + keys.checksum(body)
    assert bearing(guess).get(ME).json()["code"] == "invalid_key"


def test_the_address_is_looked_at_only_where_it_matters() -> None:
    asked: list[str] = []

    def address() -> str:
        asked.append("asked")
        return "203.0.113.7"

    free, bound = key_of(a_user())[1], key_of(a_user(), allowed_ips=OFFICE)[1]
    assert authentication.authenticate("", free, address=address)
    assert not asked
    assert authentication.authenticate("", bound, address=address)
    assert asked


def test_who_cannot_tell_the_address_lets_no_bound_key_in() -> None:
    _, plaintext = key_of(a_user(), allowed_ips=OFFICE)
    with pytest.raises(IPNotAllowed):
        authentication.authenticate("", plaintext)
