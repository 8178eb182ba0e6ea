"""Documents of this project as pages. The addresses in problem details lead to one of them."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

SECTION = re.compile(r"^## `(?P<code>\w+)` · (?P<status>\d{3})$", re.MULTILINE)
Words = list[tuple[bool, str]]  # pieces of a paragraph; True: code


class Section(NamedTuple):
    """What is said about one code."""

    code: str
    status: str
    paragraphs: list[Words]


@require_safe
def errors(request: HttpRequest) -> HttpResponse:
    """Show `docs/errors.md`, each code at an anchor of its own."""
    return render(
        request, "docs/errors.html", {"sections": sections(Path(settings.BASE_DIR) / "docs/errors.md")}
    )


@cache
def sections(path: Path) -> list[Section]:
    """Return the sections of the document, in its order."""
    _, *parts = SECTION.split(path.read_text(encoding="utf-8"))
    return [
        Section(code, status, [words(paragraph) for paragraph in text.strip().split("\n\n")])
        for code, status, text in zip(parts[0::3], parts[1::3], parts[2::3], strict=True)
    ]


def words(paragraph: str) -> Words:
    """Return a paragraph in pieces, what stands between backticks marked as code."""
    pieces = " ".join(paragraph.split()).split("`")
    return [(index % 2 == 1, piece) for index, piece in enumerate(pieces) if piece]
