"""FBA reports as sellers send them."""

from collections.abc import Iterable, Sequence

HEADER = ("sku", "fnsku", "asin", "product-name", "condition", "afn-listing-exists", "afn-total-quantity")
STOCK_HEADER = ("seller-sku", "fulfillment-channel-sku", "asin", "condition-type", "Quantity Available")


def code(number: int) -> str:
    """Return an FNSKU."""
    return f"X00{number:07}"


def asin(number: int) -> str:
    """Return an ASIN."""
    return f"B0{number:08}"


def row(number: int = 1, **changes: str) -> tuple[str, ...]:
    """Return a row of the large report; names are written with underscores."""
    told = {
        "sku": f"S-{number}",
        "fnsku": code(number),
        "asin": asin(number),
        "product-name": "Ratchet strap",
    }
    told |= {"condition": "New", "afn-listing-exists": "Yes", "afn-total-quantity": "7"}
    told |= {name.replace("_", "-"): value for name, value in changes.items()}
    return tuple(told[name] for name in HEADER)


def stock_row(number: int = 1) -> tuple[str, ...]:
    """Return a row of the small report."""
    return (f"S-{number}", code(number), asin(number), "UsedLikeNew", "7")


def text(*rows: Sequence[str], header: Sequence[str] = HEADER, separator: str = "\t") -> str:
    """Return a report."""
    return "".join(separator.join(fields) + "\r\n" for fields in (header, *rows))


def report(*rows: Sequence[str], header: Sequence[str] = HEADER) -> bytes:
    """Return a report as Amazon gives it."""
    return text(*rows, header=header).encode()


def of(numbers: Iterable[int], **changes: str) -> bytes:
    """Return a report with these rows."""
    return report(*(row(number, **changes) for number in numbers))
