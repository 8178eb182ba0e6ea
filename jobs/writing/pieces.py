"""Many small parts of a body, sent as few pieces: one write to the network for each, and not one per row."""

from collections.abc import Iterable, Iterator

PIECE = 64 * 1024  # bytes


def gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Return the same bytes in pieces of at least PIECE, the last excepted. A part is never divided."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= PIECE:
            yield b"".join(held)
            held.clear()
            size = 0
    if size:
        yield b"".join(held)
