"""What the Creators API is asked for, and where in an item each field is then read from. Pure data."""

from collections.abc import Mapping

RESOURCES = (
    "browseNodeInfo.browseNodes",
    "browseNodeInfo.browseNodes.ancestor",
    "browseNodeInfo.browseNodes.salesRank",
    "browseNodeInfo.websiteSalesRank",
    "customerReviews.count",
    "customerReviews.starRating",
    "images.primary.highRes",  # the answer calls it hiRes
    "images.primary.large",
    "images.variants.highRes",
    "images.variants.large",
    "itemInfo.byLineInfo",
    "itemInfo.externalIds",
    "itemInfo.features",
    "itemInfo.productInfo",
    "itemInfo.title",
    "offersV2.listings.availability",
    "offersV2.listings.condition",
    "offersV2.listings.isBuyBoxWinner",
    "offersV2.listings.merchantInfo",
    "offersV2.listings.price",
    "offersV2.listings.type",
    "parentASIN",
)

_RANK = "browseNodeInfo.websiteSalesRank.salesRank"

PATHS: Mapping[str, tuple[str, ...]] = {
    "title": ("itemInfo.title.displayValue",),
    "brand": ("itemInfo.byLineInfo.brand.displayValue",),
    "manufacturer": ("itemInfo.byLineInfo.manufacturer.displayValue",),
    "bullets": ("itemInfo.features.displayValues[]",),
    "images": (
        "images.primary.hiRes",
        "images.primary.large",
        "images.variants[].hiRes",
        "images.variants[].large",
    ),
    "categories": (
        "browseNodeInfo.browseNodes[].displayName",
        "browseNodeInfo.browseNodes[].ancestor",
    ),
    "url": (),
    "parent_asin": ("parentASIN",),
    "price": ("offersV2.listings[].price.money",),
    "list_price": ("offersV2.listings[].price.savingBasis.money",),
    "availability": ("offersV2.listings[].availability.type",),
    "rating": ("customerReviews.starRating.value",),
    "rating_count": ("customerReviews.count",),
    "rank": (_RANK,),
    "ranks": (_RANK, "browseNodeInfo.browseNodes[].salesRank"),
    "identifiers": (
        "itemInfo.externalIds.eans.displayValues[]",
        "itemInfo.externalIds.upcs.displayValues[]",
        "itemInfo.externalIds.isbns.displayValues[]",
    ),
    "item": ("itemInfo.productInfo.itemDimensions",),
    "offers": ("offersV2.listings[]",),
}
"""In the order of preference; () is made from ASIN and marketplace."""
