"""The documents of this project as pages: the files of `docs/`, as they are read in the repository."""

from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from config.markdown import Document, rendered
from config.price_list import with_current_prices

# What each is called in the menu and what it is about, in the order in which they are read.
# A file of docs/ that is not named here stands at the end.
GUIDE = {
    "quick-start": ("Quick start", "From nothing to a first answer"),
    "authentication": ("Authentication", "Signing up, tokens, API keys"),
    "api": ("The API", "The calls, and what they take and give"),
    "conversion": ("Conversion", "From an FNSKU to its ASIN, how sure that is, and what a code is"),
    "jobs": ("Bulk jobs", "Many codes in one call: files in, results out"),
    "errors": ("Errors", "Every failure by its code, and what to do"),
    "limits": ("Limits", "How often, how much, how large"),
    "idempotency": ("Idempotency", "Sending a call twice, safely"),
    "pricing": ("Prices", "What a call costs, and what is free"),
    "feedback": ("Feedback", "Saying whether a conversion was right, and getting the credits back"),
    "webhooks": ("Webhooks", "Being told of what happens, and how to check who says it"),
    "usage": ("Usage", "What was called, and what it took"),
}
BEHIND = {
    "sample-provider": ("The sample provider", "Trying everything without a key, failures included"),
    "providers": ("Upstreams", "Where the data comes from"),
    "ledger": ("The ledger", "How credits are kept exact"),
    "billing": ("Payments", "How money comes in, and what happens to it"),
    "performance": ("Performance", "What was measured, and how"),
    "operations": ("Operations", "Running it yourself"),
}
kept_for_a_while = cache_control(public=True, max_age=300)


@kept_for_a_while
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List all documents."""
    return render(request, "docs/index.html", {"groups": contents()})


@kept_for_a_while
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one document."""
    if name not in names():
        raise Http404
    document = read(name)
    facts = {"document": document, "groups": contents(), "current": f"/docs/{name}"}
    return render(request, "docs/page.html", facts)


@cache
def names() -> tuple[str, ...]:
    """Return the documents there are, in the order in which they are read."""
    order = [*GUIDE, *BEHIND]
    found = [path.stem for path in folder().glob("*.md")]
    return tuple(sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name)))


@cache
def read(name: str) -> Document:
    """Return a document as it is shown; a release changes it, a request does not."""
    text = (folder() / f"{name}.md").read_text(encoding="utf-8")
    return rendered(with_current_prices(text) if name == "pricing" else text)


def contents() -> list[dict[str, Any]]:
    """Return what the menu lists: groups of documents."""
    guide = [entry(name) for name in names() if name in GUIDE]
    behind = [entry(name) for name in names() if name not in GUIDE]
    return [{"name": "Using the API", "pages": guide}, {"name": "Behind it", "pages": behind}]


def entry(name: str) -> dict[str, Any]:
    """Return what the menu says of a document."""
    title, about = {**GUIDE, **BEHIND}.get(name) or (read(name).title, "")
    return {"title": title, "url": f"/docs/{name}", "about": about}


def folder() -> Path:
    """Return where the documents lie."""
    return Path(settings.BASE_DIR) / "docs"
