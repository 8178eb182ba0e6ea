"""The URL of a webhook: what is taken, in which spelling, and what is refused with which words."""

import pytest
from pytest_django import Settings

from webhooks import targets
from webhooks.errors import URLRefused

REFUSED = [
    "http://hooks.example.com/",
    "ftp://hooks.example.com/",
    "gopher://hooks.example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "hooks.example.com",
    "//hooks.example.com/",
    "https://",
    "https:///path",
    "",
    "https://user@hooks.example.com/",
    "https://user:pass@hooks.example.com/",
    "https://@hooks.example.com/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:8080/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:x/",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://hooks.example.com/a b",
    "https://hooks.example.com/\r\nHost: x",
    "https://hooks.exa\tmple.com/",
    "https://hooks.example.com/\x00",
    "https://hooks.example.com/ä",
    "https://[::1",
    "https://[hooks.example.com]/",
    "https://a..example.com/",
    "https://-/",
    "https://" + "a" * 64 + ".example.com/",
    "https://hooks.example.com/" + "a" * 2000,
]
NOT_PUBLIC = [
    "localhost",
    "localhost.",
    "LOCALHOST",
    "api.localhost",
    "redis",
    "metadata.google.internal",
    "printer.local",
    "router.home.arpa",
    "127.0.0.1",
    "127.0.0.1.",
    ".".join("0000"),  # all interfaces of this machine
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0X7F.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "127.0.1",
    "3232235777",
    "2852039166",
    "999.999.999.999",
    "1.2.3.4.5",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "134744072",  # 8.8.8.8, in a disguise that has no honest use
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[ff02::1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
]
TAKEN = {
    "https://hooks.example.com": "https://hooks.example.com/",
    "HTTPS://Hooks.Example.COM./A?b=C": "https://hooks.example.com/A?b=C",
    "https://hooks.example.com:443/": "https://hooks.example.com/",
    "https://hooks.example.com:8443/x": "https://hooks.example.com:8443/x",
    "https://hooks.example.com:80/x": "https://hooks.example.com:80/x",
    "https://bücher.example/": "https://xn--bcher-kva.example/",
    "https://hooks.example.com/#part": "https://hooks.example.com/",
    "https://8.8.8.8/": "https://8.8.8.8/",
    "https://[2606:4700::1111]/": "https://[2606:4700::1111]/",
    "https://hooks.example.com?token=a%20b": "https://hooks.example.com/?token=a%20b",
    "https://0xc0ffee.example.com/": "https://0xc0ffee.example.com/",
}


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("url", REFUSED)
def test_what_is_no_public_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(URLRefused) as refusal:
        targets.read(url)
    assert "user:pass" not in str(refusal.value)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("host", NOT_PUBLIC)
def test_what_is_not_on_the_public_internet_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(URLRefused):
        targets.read(f"https://{host}/")


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(("url", "spelled"), TAKEN.items())
def test_a_url_has_one_spelling(url: str, spelled: str) -> None:
    assert targets.read(url).url == spelled
    assert targets.read(spelled).url == spelled


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/x", "http://localhost/", "https://redis:1/"])
def test_where_things_are_tried_out_any_server_will_do(url: str) -> None:
    assert targets.read(url).url == url


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://me@127.0.0.1/", "http://127.0.0.1:0/"])
def test_even_then_it_is_an_http_server_without_credentials(url: str, settings: Settings) -> None:
    with pytest.raises(URLRefused):
        targets.read(url)
