"""Plain text from upstreams' strings, which may hold HTML and characters that no database keeps. Pure."""

import re
from html.parser import HTMLParser

BREAKS = {"br", "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6"}
UNSEEN = {"script", "style", "head", "title", "template"}
CUT = 1000  # Keepa cuts features there and descriptions at 2000, in the middle of a tag if need be
LONGEST = 100_000  # characters; what is beyond is not looked at
_LONE = re.compile(r"<(?=[^<>]*(?:<|\Z))")  # begins no tag; the parser would look for its end again and again
_TAG = re.compile(r"<[^<>]*>")
_CUT_TAG = re.compile(r"</?[a-zA-Z][^<>]*$")
_PLAIN = re.compile(r"[^<&\x00-\x1f\x7f-\x9f\ufffe\uffff]*")  # most texts, which need no reading
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


class _Reader(HTMLParser):
    """Collects what a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen += 1
        elif tag in BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def paragraphs(value: object) -> str | None:
    """Return text without markup, one line per paragraph, or None when nothing is left or it is no text."""
    if not isinstance(value, str):
        return None
    if _PLAIN.fullmatch(value):
        return " ".join(value.split()) or None
    seen = _read(_CUT_TAG.sub("", value[:LONGEST]) if len(value) >= CUT else value)
    lines = (" ".join(line.split()) for line in _CONTROL.sub("", seen).split("\n"))
    return "\n".join(line for line in lines if line) or None


def _read(text: str) -> str:
    """Return what a browser would show of it, line by line."""
    reader = _Reader()
    try:
        reader.feed(_LONE.sub("&lt;", text))
        reader.close()
    except AssertionError:  # html.parser on `<![` and the like, which are no HTML
        return _TAG.sub("", text)
    return "".join(reader.parts)


def line(value: object) -> str | None:
    """Return text without markup on one line, or None when nothing is left or it is no text."""
    text = paragraphs(value)
    return text and text.replace("\n", " ")
