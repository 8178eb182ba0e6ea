"""The 23 Amazon marketplaces, and what each upstream calls them. Pure data, no input or output."""

from dataclasses import dataclass

USUAL = "US"  # when nobody says which


class UnknownMarketplace(ValueError):
    """The text names none of the marketplaces; the message lists the codes that do."""

    def __init__(self, text: str) -> None:
        """Keep what was asked for, shortened so that a message never grows with its input."""
        self.asked = text[:40]
        codes = ", ".join(sorted(MARKETPLACES))
        super().__init__(f"{self.asked!r} is not a marketplace; use one of {codes}.")


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One country's Amazon.

    `minor_unit` is the number of digits after the decimal point of the currency (ISO 4217): yen has none.
    `languages` begins with the default one. `keepa_domain` is None where Keepa has no data, and `creators`
    says whether the Creators API serves this marketplace.
    """

    code: str
    id: str
    name: str
    region: str
    domain: str
    currency: str
    languages: tuple[str, ...]
    keepa_domain: int | None = None
    creators: bool = True
    minor_unit: int = 2


# Identifiers and regions: Amazon's own table of marketplace ids. Keepa's ids: com.keepa.api AmazonLocale.
_ALL = (
    Marketplace("US", "ATVPDKIKX0DER", "United States", "NA", "amazon.com", "USD", ("en_US",), 1),
    Marketplace("CA", "A2EUQ1WTGCTBG2", "Canada", "NA", "amazon.ca", "CAD", ("en_CA", "fr_CA"), 6),
    Marketplace("MX", "A1AM78C64UM0Y8", "Mexico", "NA", "amazon.com.mx", "MXN", ("es_MX",), 11),
    Marketplace("BR", "A2Q3Y263D00KWC", "Brazil", "NA", "amazon.com.br", "BRL", ("pt_BR",), 12),
    Marketplace("UK", "A1F83G8C2ARO7P", "United Kingdom", "EU", "amazon.co.uk", "GBP", ("en_GB",), 2),
    Marketplace("DE", "A1PA6795UKMFR9", "Germany", "EU", "amazon.de", "EUR", ("de_DE",), 3),
    Marketplace("FR", "A13V1IB3VIYZZH", "France", "EU", "amazon.fr", "EUR", ("fr_FR",), 4),
    Marketplace("IT", "APJ6JRA9NG5V4", "Italy", "EU", "amazon.it", "EUR", ("it_IT",), 8),
    Marketplace("ES", "A1RKKUPIHCS9HS", "Spain", "EU", "amazon.es", "EUR", ("es_ES",), 9),
    Marketplace("NL", "A1805IZSGTT6HS", "Netherlands", "EU", "amazon.nl", "EUR", ("nl_NL",)),
    Marketplace("BE", "AMEN7PMS3EDWL", "Belgium", "EU", "amazon.com.be", "EUR", ("fr_BE", "nl_BE")),
    Marketplace("IE", "A28R8C7NBKEWEA", "Ireland", "EU", "amazon.ie", "EUR", ("en_IE",), creators=False),
    Marketplace("SE", "A2NODRKZP88ZB9", "Sweden", "EU", "amazon.se", "SEK", ("sv_SE",)),
    Marketplace("PL", "A1C3SOZRARQ6R3", "Poland", "EU", "amazon.pl", "PLN", ("pl_PL",)),
    Marketplace("TR", "A33AVAJ2PDY3EV", "Turkey", "EU", "amazon.com.tr", "TRY", ("tr_TR",)),
    Marketplace("SA", "A17E79C6D8DWNP", "Saudi Arabia", "EU", "amazon.sa", "SAR", ("ar_AE", "en_AE")),
    Marketplace("AE", "A2VIGQ35RCS4UG", "United Arab Emirates", "EU", "amazon.ae", "AED", ("en_AE", "ar_AE")),
    Marketplace("EG", "ARBP9OOSHTCHU", "Egypt", "EU", "amazon.eg", "EGP", ("ar_AE", "en_AE"), creators=False),
    Marketplace(
        "ZA", "AE08WJ6YKNBMC", "South Africa", "EU", "amazon.co.za", "ZAR", ("en_ZA",), creators=False
    ),
    Marketplace("IN", "A21TJRUUN4KGV", "India", "EU", "amazon.in", "INR", ("en_IN",), 10),
    Marketplace("JP", "A1VC38T7YXB528", "Japan", "FE", "amazon.co.jp", "JPY", ("ja_JP",), 5, minor_unit=0),
    Marketplace("AU", "A39IBJ37TRP1C6", "Australia", "FE", "amazon.com.au", "AUD", ("en_AU",)),
    Marketplace("SG", "A19VAU5U5O7RUS", "Singapore", "FE", "amazon.sg", "SGD", ("en_SG",)),
)

MARKETPLACES: dict[str, Marketplace] = {place.code: place for place in _ALL}

# Amazon's own documents write UK, its newer APIs write GB; a marketplace id or a domain names one as well.
_BY_ANY_NAME: dict[str, Marketplace] = {
    **MARKETPLACES,
    "GB": MARKETPLACES["UK"],
    **{place.id: place for place in _ALL},
    **{place.domain.upper(): place for place in _ALL},
    **{f"WWW.{place.domain.upper()}": place for place in _ALL},
}


def marketplace(code: str) -> Marketplace:
    """Return the marketplace a code, marketplace id or domain names; spaces and case do not matter.

    Raises UnknownMarketplace. Letters outside ASCII are refused before the case is changed, because
    Python's upper() turns some of them into ASCII ones.
    """
    name = code.strip()
    found = _BY_ANY_NAME.get(name.upper()) if name.isascii() else None
    if found is None:
        raise UnknownMarketplace(name)
    return found
