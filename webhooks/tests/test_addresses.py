"""Which addresses are on the public internet."""

import socket

import pytest

from webhooks.addresses import is_public, resolve

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001:80b::200e"]
PUBLIC += ["64:ff9b::808:808"]  # 8.8.8.8 behind a translator
NOT_PUBLIC_TEXT = """
0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.254
169.254.0.1 169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.1 192.0.0.8 192.0.2.1 192.88.99.1 192.168.0.1
198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::a00:1 64:ff9b::7f00:1 64:ff9b:1::808:808 100::1
2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:808:808::
3fff::1 4000::1 fc00::1 fdff::1 fe80::1 fe80::1%eth0 2606:4700::1%eth0 fec0::1 ff02::1 ff0e::1
5f00::1 name 1.2.3 8.8.8.8.8
"""


@pytest.mark.parametrize("address", PUBLIC)
def test_what_everyone_reaches_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC_TEXT.split())
def test_what_is_reserved_or_hides_another_address_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("disguise", ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1"])
def test_a_disguise_is_seen_through_when_it_is_resolved(disguise: str) -> None:
    assert resolve(disguise, 443) == ["127.0.0.1"]


def test_this_machine_has_a_name_that_leads_to_it() -> None:
    assert not any(map(is_public, resolve("localhost", 443)))


def test_a_name_that_is_none_leads_nowhere() -> None:
    with pytest.raises(socket.gaierror):
        resolve("nobody.invalid", 443)
