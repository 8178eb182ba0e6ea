"""What feedback has taught, as the mathematics wants it; read anew now and then, as it moves slowly."""

import threading
import time
from collections.abc import Mapping

from conversion.models import Share
from conversion.reliability import Beta

AGE_SECONDS = 30.0  # so long what was read is used again: one answer moves a count by a little


class _Kept:
    """The counts of this process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._read_at = float("-inf")
        self._known: Mapping[str, Beta] = {}

    def get(self) -> Mapping[str, Beta]:
        """Return the counts, read from the database when they are older than AGE_SECONDS."""
        if time.monotonic() - self._read_at > AGE_SECONDS:
            known = {name: Beta(yes, no) for name, yes, no in Share.objects.values_list("name", "yes", "no")}
            with self._guard:
                self._known, self._read_at = known, time.monotonic()
        return self._known

    def forget(self) -> None:
        """Read them anew the next time."""
        with self._guard:
            self._read_at = float("-inf")


_kept = _Kept()
known, forget = _kept.get, _kept.forget
