"""Where each field is read from in Rainforest's answers, in order of preference.

`offers[]` is in the answer to a call of its own (`type=offers`), everything else in that to `type=product`.
Names in specifications[] are looked for in English: Manufacturer, Package Dimensions, EAN, UPC.
"""

from collections.abc import Mapping

_SPECIFICATIONS = "product.specifications[].value"

PATHS: Mapping[str, tuple[str, ...]] = {
    "title": ("product.title",),
    "brand": ("product.brand",),
    "manufacturer": ("product.manufacturer", _SPECIFICATIONS),
    "description": ("product.description",),
    "bullets": ("product.feature_bullets[]",),
    "images": ("product.images[].link", "product.main_image.link"),
    "categories": ("product.categories[].name",),
    "url": (),
    "parent_asin": ("product.parent_asin",),
    "variation_asins": ("product.variants[].asin",),
    "price": ("product.buybox_winner.price", "offers[].price"),
    "list_price": ("product.buybox_winner.rrp",),
    "availability": ("product.buybox_winner.availability.type",),
    "rating": ("product.rating",),
    "rating_count": ("product.ratings_total",),
    "rank": ("product.bestsellers_rank[].rank",),
    "ranks": ("product.bestsellers_rank[].rank",),
    "identifiers": ("product.isbn_10", "product.isbn_13", _SPECIFICATIONS),
    "item": ("product.dimensions", "product.weight"),
    "package": (_SPECIFICATIONS,),
    "offer_count": ("product.buybox_winner.mixed_offers_count",),
    "offers": ("offers[]",),
    "reviews": ("product.top_reviews[]",),
}
