"""Where each field is read from in Amazon's answers, in order of preference.

Paths that begin with `payload` are those of the offers, the others those of an item of the catalogue.
"""

from collections.abc import Mapping


def _measurements(what: str, name: str) -> tuple[str, ...]:
    return (f"dimensions[].{what}", f"attributes.{name}_dimensions[]", f"attributes.{name}_weight[]")


PATHS: Mapping[str, tuple[str, ...]] = {
    "title": ("summaries[].itemName", "attributes.item_name[].value"),
    "brand": ("summaries[].brand", "attributes.brand[].value"),
    "manufacturer": ("summaries[].manufacturer", "attributes.manufacturer[].value"),
    "description": ("attributes.product_description[].value",),
    "bullets": ("attributes.bullet_point[].value",),
    "images": ("images[].images[].link",),
    "categories": (
        "classifications[].classifications[].displayName",
        "summaries[].browseClassification.displayName",
    ),
    "product_type": ("productTypes[].productType",),
    "url": (),
    "parent_asin": ("relationships[].relationships[].parentAsins[]",),
    "variation_asins": ("relationships[].relationships[].childAsins[]",),
    "price": (
        "payload.Summary.BuyBoxPrices[].ListingPrice",
        "payload.Summary.LowestPrices[].ListingPrice",
        "payload.Offers[].ListingPrice",
    ),
    "list_price": ("attributes.list_price[]", "payload.Summary.ListPrice"),
    "availability": (
        "payload.Offers[].ShippingTime.availabilityType",
        "payload.Offers[]",
        "payload.Summary.BuyBoxPrices[]",
        "payload.Summary.LowestPrices[]",
        "payload.Summary.TotalOfferCount",
        "payload.status",
    ),
    "rank": (
        "salesRanks[].displayGroupRanks[].rank",
        "salesRanks[].classificationRanks[].rank",
        "payload.Summary.SalesRankings[].Rank",
    ),
    "ranks": (
        "salesRanks[].displayGroupRanks[].rank",
        "salesRanks[].classificationRanks[].rank",
        "payload.Summary.SalesRankings[].Rank",
    ),
    "identifiers": (
        "identifiers[].identifiers[]",
        "attributes.externally_assigned_product_identifier[]",
    ),
    "item": _measurements("item", "item"),
    "package": _measurements("package", "item_package"),
    "offer_count": ("payload.Summary.TotalOfferCount",),
    "offers": ("payload.Offers[]",),
}
