"""The versions a Creators API credential can have: where and how each is exchanged for a token. Pure data.

A credential belongs to a version, and with it to one of three groups of marketplaces. Amazon's own SDK:
`oauth2_config` and `oauth2_token_manager`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.marketplaces import MARKETPLACES
from providers.transport import Secret


@dataclass(frozen=True, slots=True)
class Version:
    """`region` is that of the marketplaces (NA, EU or FE); versions 2.x send a form, 3.x send JSON."""

    name: str
    region: str
    token_url: str

    @property
    def is_cognito(self) -> bool:
        """Whether it is one of the older kind, 2.x."""
        return self.name.startswith("2.")

    @property
    def scope(self) -> str:
        """What the token is asked for."""
        return "creatorsapi/default" if self.is_cognito else "creatorsapi::default"

    @property
    def marketplaces(self) -> frozenset[str]:
        """The codes of the marketplaces such a credential serves."""
        return frozenset(
            code for code, place in MARKETPLACES.items() if place.creators and place.region == self.region
        )

    def authorization(self, token: Secret) -> Secret:
        """Return the header of a call; the older kind names its version there."""
        suffix = f", Version {self.name}" if self.is_cognito else ""
        return Secret(f"Bearer {token.reveal()}{suffix}")


def _cognito(region: str) -> str:
    return f"https://creatorsapi.auth.{region}.amazoncognito.com/oauth2/token"


_ALL = (
    Version("2.1", "NA", _cognito("us-east-1")),
    Version("2.2", "EU", _cognito("eu-south-2")),
    Version("2.3", "FE", _cognito("us-west-2")),
    Version("3.1", "NA", "https://api.amazon.com/auth/o2/token"),
    Version("3.2", "EU", "https://api.amazon.co.uk/auth/o2/token"),
    Version("3.3", "FE", "https://api.amazon.co.jp/auth/o2/token"),
)

VERSIONS: Mapping[str, Version] = {version.name: version for version in _ALL}
