"""Has answers kept for a whole list of ASINs, so that those who ask for them later wait for no upstream."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from products.asin_files import Entry
from products.prefetch import Prefetched, in_vain, prefetch
from providers.together import LARGEST

MOST_SEEN = 1_000_000  # ASINs that are remembered, so that one that comes again is passed over; 100 MB
FAILURES = 20  # in a row, then no upstream seems to answer


@dataclass
class Warming:
    """One list on its way. `ended`: why it was not read to its end, "" if it was."""

    marketplace: str
    budget: int | None = None  # ASINs for which upstreams may be asked
    max_age: int | None = None
    report: Callable[[str], object] = print  # told of each line without an ASIN, as a sentence
    counts: Counter[Prefetched] = field(default_factory=Counter)
    bad: int = 0
    again: int = 0
    ended: str = ""

    def run(self, entries: Iterable[Entry]) -> Iterator[None]:
        """Ask for what is not kept, batch by batch; yields after each ASIN, for whoever shows progress.

        Raises MarketplaceNotServed.
        """
        failures, asins = 0, self.sound(entries)
        while batch := list(islice(asins, self.left())):
            for outcome in prefetch(batch, marketplace=self.marketplace, max_age=self.max_age):
                self.counts[outcome.prefetched] += 1
                failures = in_vain(failures, outcome)
                yield
                if failures == FAILURES:
                    self.ended = f"gave up: the last {FAILURES} failed"
                    return
        if next(asins, None) is not None:
            self.ended = f"the budget of {self.budget} is used up"

    def left(self) -> int:
        """Return how many may be asked for next."""
        if self.budget is None:
            return LARGEST
        asked = self.counts.total() - self.counts[Prefetched.KEPT]
        return max(0, min(LARGEST, self.budget - asked))

    def sound(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Yield each ASIN once; report the lines that have none."""
        seen: set[str] = set()
        for entry in entries:
            if not entry.asin:
                self.bad += 1
                self.report(f"line {entry.line}: {entry.reason}")
            elif entry.asin in seen:
                self.again += 1
            else:
                if len(seen) == MOST_SEEN:  # what comes again after so many is kept already
                    seen.clear()
                seen.add(entry.asin)
                yield entry.asin

    @property
    def has_failed(self) -> bool:
        """Whether it was given up, or nothing came of any line."""
        nothing = not any(count for outcome, count in self.counts.items() if outcome is not Prefetched.FAILED)
        return nothing or self.ended.startswith("gave up")

    def summary(self) -> str:
        """Return how many became what."""
        told = [f"{self.counts[outcome]:,} {outcome}" for outcome in Prefetched]
        told += [f"{self.again:,} given more than once", f"{self.bad:,} lines without an ASIN"]
        return ", ".join(told)
