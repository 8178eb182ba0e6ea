"""The app that leads from one identifier to another."""

from django.apps import AppConfig


class ConversionConfig(AppConfig):
    """What a code is, and which product it stands for."""

    name = "conversion"
