"""Where in Keepa's product object each field is read from. Pure data."""

from collections.abc import Mapping

_PRICE = ("stats.buyBoxPrice", "csv[18]", "stats.current[18]", "stats.current[1]", "stats.current[0]")

PATHS: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "brand": ("brand",),
    "manufacturer": ("manufacturer",),
    "description": ("description",),
    "bullets": ("features",),
    "images": ("images",),
    "categories": ("categoryTree",),
    "product_type": ("type",),
    "url": (),
    "parent_asin": ("parentAsin",),
    "variation_asins": ("variations",),
    "price": _PRICE,
    "list_price": ("stats.current[4]",),
    "availability": ("availabilityAmazon", *_PRICE),
    "rating": ("stats.current[16]",),
    "rating_count": ("stats.current[17]",),
    "rank": ("stats.current[3]",),
    "ranks": ("salesRanks",),
    "identifiers": ("eanList", "upcList", "gtinList"),
    "monthly_sold": ("monthlySold",),
    "item": ("itemLength", "itemWidth", "itemHeight", "itemWeight"),
    "package": ("packageLength", "packageWidth", "packageHeight", "packageWeight"),
    "offer_count": ("stats.totalOfferCount", "stats.current[11]"),
    "offers": ("offers",),
    "history": ("csv",),
}
