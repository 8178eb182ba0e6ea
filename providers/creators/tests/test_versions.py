"""The six kinds of credentials."""

import pytest

from providers.creators.versions import VERSIONS
from providers.marketplaces import MARKETPLACES
from providers.transport import Secret


@pytest.mark.parametrize(
    ("name", "url", "scope", "header"),
    [
        ("2.1", "https://creatorsapi.auth.us-east-1.amazoncognito.com/oauth2/token", "/", ", Version 2.1"),
        ("2.2", "https://creatorsapi.auth.eu-south-2.amazoncognito.com/oauth2/token", "/", ", Version 2.2"),
        ("2.3", "https://creatorsapi.auth.us-west-2.amazoncognito.com/oauth2/token", "/", ", Version 2.3"),
        ("3.1", "https://api.amazon.com/auth/o2/token", "::", ""),
        ("3.2", "https://api.amazon.co.uk/auth/o2/token", "::", ""),
        ("3.3", "https://api.amazon.co.jp/auth/o2/token", "::", ""),
    ],
)
def test_each_version_has_its_place_scope_and_header(name: str, url: str, scope: str, header: str) -> None:
    version = VERSIONS[name]
    assert version.token_url == url
    assert version.scope == f"creatorsapi{scope}default"
    assert version.authorization(Secret("t0k3n")).reveal() == f"Bearer t0k3n{header}"


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        (1, "US CA MX BR"),
        (2, "UK DE FR IT ES NL BE SE PL TR SA AE IN"),
        (3, "JP AU SG"),
    ],
)
def test_a_credential_serves_the_marketplaces_of_its_group(number: int, codes: str) -> None:
    assert VERSIONS[f"2.{number}"].marketplaces == VERSIONS[f"3.{number}"].marketplaces == set(codes.split())


def test_together_they_serve_every_marketplace_that_has_the_api() -> None:
    served = frozenset().union(*(version.marketplaces for version in VERSIONS.values()))
    assert served == {code for code, place in MARKETPLACES.items() if place.creators}
    assert len(served) == 20
