"""The upstream is the stand-in unless a test says else. The cast is that of all tests."""

import pytest


@pytest.fixture(autouse=True)
def as_usual(surroundings: None) -> None:
    """No test of this app hashes passwords dearly, or asks an upstream that the environment names."""
