"""The app that knows about ASINs."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    """What is known about an ASIN, and since when."""

    name = "products"
