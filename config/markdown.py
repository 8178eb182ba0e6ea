"""Markdown to HTML, for the documents of this project: the same files that are read in the repository."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
CODE_AND_STATUS = re.compile(r"`(\w+)` · \d{3}")
OTHER_DOCUMENT = re.compile(r"([\w-]+)\.md(#.*)?")
DEEPEST = "h3"  # what a table of contents shows

# What is wider than the screen scrolls by itself, by keyboard as well.
FRAMES = {
    "table_open": '<div class="table" tabindex="0" role="region" aria-label="Table"><table>\n',
    "table_close": "</table></div>\n",
}


class Heading(NamedTuple):
    """A heading of a document and where it is on the page."""

    level: int
    anchor: str
    text: str


class Document(NamedTuple):
    """A document as a page: its title, what is on the page, and the headings below the title."""

    title: str
    html: SafeString
    headings: list[Heading]


def rendered(text: str) -> Document:
    """Return the document: headings with anchors, links between documents leading to their pages."""
    tokens = MARKDOWN.parse(text)
    headings = list(anchored(tokens))
    link(tokens)
    align(tokens)
    html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    title = headings[0].text if headings else ""
    return Document(title, mark_safe(html), headings[1:])  # noqa: S308 # nosec - html is off


def code(renderer: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    """Return a block of code."""
    token = tokens[index]
    language = token.info.partition(" ")[0]
    return (
        f'<pre tabindex="0"><code class="language-{escape(language)}">{escape(token.content)}</code></pre>\n'
    )


MARKDOWN.add_render_rule("fence", code)
for kind, html in FRAMES.items():
    MARKDOWN.add_render_rule(kind, lambda renderer, tokens, index, options, env, html=html: html)


def inline(text: str) -> SafeString:
    """Return one line or paragraph without a frame around it."""
    html: str = MARKDOWN.renderInline(text)
    return mark_safe(html)  # noqa: S308 # nosec - html is off


def anchored(tokens: list[Token]) -> Iterator[Heading]:
    """Give each heading an id of its own and a link to itself; yield those a table of contents shows."""
    used: set[str] = set()
    for opening, content in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        anchor = anchor_of(content.content)
        while anchor in used:
            anchor += "-more"
        used.add(anchor)
        opening.attrSet("id", anchor)
        if opening.tag > "h1" and content.children is not None:
            content.children.append(link_to(anchor, plain(content)))
        if opening.tag <= DEEPEST:
            code = CODE_AND_STATUS.fullmatch(content.content)
            yield Heading(int(opening.tag[1]), anchor, code[1] if code else plain(content))


def anchor_of(heading: str) -> str:
    """Return the anchor of a heading: of an error, its code; else its words."""
    code = CODE_AND_STATUS.fullmatch(heading)
    return code[1] if code else slugify(heading)


def link_to(anchor: str, text: str) -> Token:
    """Return the mark after a heading that links to the heading."""
    mark = f'<a class="anchor" href="#{anchor}" aria-label="Link to “{escape(text)}”">#</a>'
    return Token("html_inline", "", 0, content=mark)


def plain(content: Token) -> str:
    """Return the words of an inline token without their marks."""
    children = content.children or []
    return "".join(child.content for child in children if child.type in ("text", "code_inline"))


def link(tokens: list[Token]) -> None:
    """Let `errors.md#x` lead to the page of that document, and what is no page lead nowhere."""
    for token in tokens:
        children = token.children or []
        for index, child in enumerate(children):
            if child.type == "link_open" and str(child.attrGet("href")).startswith("../"):
                child.attrs, child.tag = {}, "span"
                next(one for one in children[index:] if one.type == "link_close").tag = "span"
            elif child.type == "link_open":
                child.attrSet("href", page_of(str(child.attrGet("href"))))


def page_of(href: str) -> str:
    """Return where a link of a document leads on the web."""
    other = OTHER_DOCUMENT.fullmatch(href)
    return f"/docs/{other[1]}{other[2] or ''}" if other else href


def align(tokens: list[Token]) -> None:
    """Say by class which columns are numbers: the pages' policy allows no style in the text."""
    for token in tokens:
        if token.type in ("th_open", "td_open") and token.attrs.pop("style", "") == "text-align:right":
            token.attrSet("class", "number")
