"""Data folders for tests that start servers of their own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from config.folder import DataFolder


@pytest.fixture
def data() -> Iterator[DataFolder]:
    """An empty data folder with a space in its path, and short: the path of a Unix socket has 103 bytes."""
    place = tempfile.mkdtemp(prefix="a ", dir=settings.DATA_DIR)
    yield DataFolder(Path(place))
    shutil.rmtree(place)
