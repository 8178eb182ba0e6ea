"""The documents as pages: all of them, with working links, without anything the pages' policy refuses."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.scopes import SCOPES
from config.docs import BEHIND, GUIDE
from config.markdown import rendered

DOCS = sorted(path.stem for path in Path(settings.BASE_DIR, "docs").glob("*.md"))
PAGES = ["/docs", "/api/docs/", *(f"/docs/{name}" for name in DOCS)]


class Reading(HTMLParser):
    """What is on a page: ids, links, headings, the elements and attributes in use."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.levels: list[int] = []
        self.attributes: set[str] = set()
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src") and tag != "link":
                self.links.append(value or "")
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))


def read(client: Client, url: str) -> Reading:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return Reading(answer.content.decode())


def test_every_document_has_its_place_in_the_menu(client: Client) -> None:
    index = read(client, "/docs")
    assert {f"/docs/{name}" for name in DOCS} <= set(index.links)
    assert set(GUIDE) | set(BEHIND) >= set(DOCS)


@pytest.mark.django_db
@pytest.mark.parametrize("url", PAGES)
def test_every_link_on_a_page_leads_somewhere(client: Client, url: str) -> None:
    page = read(client, url)
    for link in sorted(set(page.links)):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = read(client, path) if path and path != "/api/schema/" else page
        assert not anchor or anchor in target.ids, link


@pytest.mark.parametrize("url", PAGES)
def test_a_page_is_sound_and_needs_neither_scripts_nor_inline_styles(client: Client, url: str) -> None:
    page = read(client, url)
    assert len(page.ids) == len(set(page.ids)), [one for one in page.ids if page.ids.count(one) > 1]
    assert page.levels.count(1) == 1
    assert "script" not in page.tags
    assert "style" not in page.tags | page.attributes
    assert not [name for name in page.attributes if name.startswith("on")]
    policy = client.get(url).headers["Content-Security-Policy"]
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_what_a_page_links_to_is_served_by_us(client: Client) -> None:
    text = client.get("/api/docs/").content.decode()
    for asset in re.findall(r'<link rel="stylesheet" href="([^"]+)"', text):
        answer: Any = client.get(asset)
        assert answer.status_code == 200
        answer.close()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', text)


def test_the_reference_says_what_each_call_needs(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    for scope in SCOPES:
        assert f"a key with <code>{scope}</code>" in page
    assert page.count('<a href="/docs/authentication#log-in">a log-in</a>') == 6  # to log out, and for cards


def test_a_document_that_is_none_is_a_page_that_is_not_there(client: Client) -> None:
    assert client.get("/docs/nothing").status_code == 404
    assert client.get("/docs/..%2fREADME").status_code == 404


def test_what_stands_in_a_document_cannot_become_html() -> None:
    page = rendered('# T\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n## A `<b>` "q"\n')
    assert "<script" not in page.html
    assert 'href="javascript' not in page.html
    assert "<b>" not in page.html


def test_headings_of_the_same_words_have_anchors_of_their_own() -> None:
    page = rendered("# T\n\n## Twice\n\n## Twice\n\n## `not_found` · 404\n")
    assert [heading.anchor for heading in page.headings] == ["twice", "twice-more", "not_found"]


def test_the_limits_of_the_document_are_those_that_hold() -> None:
    text = Path(settings.BASE_DIR, "docs", "limits.md").read_text()
    found = dict(re.findall(r"\| ([\d,]+) \| `(\w+)` \|$", text, re.MULTILINE))
    told = {policy: int(calls.replace(",", "")) for calls, policy in found.items()}
    assert told == {name: quota for name, (quota, seconds) in settings.API_RATE_LIMITS.items()}
    assert f"{settings.API_MAX_BODY_BYTES:,} bytes" in text
