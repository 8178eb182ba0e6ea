"""Reading the examples of the documents: commands, what they promise, whether an answer keeps it."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import requests
from markdown_it import MarkdownIt

MORE = "…"
MAPS = {"provenance", "options", "kinds", "outcomes"}  # whose members are data; examples show some of them
A_CURL = re.compile(r"^ *curl (?:.*\\\n)*.*$", re.MULTILINE)


class Example(NamedTuple):
    """A command of a document, and the answer shown below it, if any."""

    command: str
    promised: Any = None


def examples(path: Path) -> Iterator[Example]:
    """Yield the calls of a document in their order."""
    fences = [token for token in MarkdownIt().parse(path.read_text()) if token.type == "fence"]
    for fence, following in zip(fences, [*fences[1:], None], strict=False):
        *first, last = A_CURL.findall(fence.content) or [""]
        yield from map(Example, first)
        if last:
            shows = following is not None and following.info == "json"
            yield Example(last, promise(following.content) if following and shows else None)


def promise(text: str) -> Any:
    """Return the JSON of a document, in which `…` stands for anything."""
    text = re.sub(r"(?m)^(\s*)…$", r'\1"…": 0', text)
    text = re.sub(r"\[…\]", '["…"]', text)
    return json.loads(re.sub(r", …(?=[}])", ', "…": 0', text))


def keeps(promised: Any, given: Any) -> bool:
    """Say whether an answer is what was promised."""
    if isinstance(promised, dict):
        named = {name: value for name, value in promised.items() if name != MORE}
        fits = isinstance(given, dict) and (set(given) >= set(named))
        return (
            fits
            and (MORE in promised or set(given) == set(named))
            and all(keeps(value, given[name]) for name, value in named.items())
        )
    if isinstance(promised, list):
        if promised[-1:] == [MORE]:
            return isinstance(given, list) and all(map(keeps, promised[:-1], given))
        return isinstance(given, list) and len(given) == len(promised) and all(map(keeps, promised, given))
    if isinstance(promised, str) and isinstance(given, str):
        return re.fullmatch(re.escape(promised).replace(MORE, ".*"), given, re.DOTALL) is not None
    return bool(promised == given)


def same_shape(example: Any, given: Any) -> bool:
    """Say whether an answer has the members of the example, whatever their values; null goes for all."""
    if isinstance(example, dict) and isinstance(given, dict):
        return set(example) == set(given) and all(
            same_shape(example[name], given[name]) for name in set(example) - MAPS
        )
    if isinstance(example, list) and isinstance(given, list):
        return all(same_shape(example[0], one) for one in given) if example else True
    return example is None or given is None or isinstance(given, type(example))


def call(command: str) -> requests.Response:
    """Do what curl would."""
    words = iter(shlex.split(command.replace("\\\n", " ")))
    assert next(words) == "curl"
    method, url, body, headers = "", "", None, {}
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(":")
            headers[name] = value.strip()
        elif word == "-d":
            body = next(words)
        elif word == "--data-binary":  # followed by $'…', as the shell spells text with tabs
            body = next(words).removeprefix("$").encode().decode("unicode_escape")
        elif word.startswith("-"):
            assert word in ("-s", "-i", "-sS", "-f"), word
        else:
            url = word
    method = method or ("GET" if body is None else "POST")
    data = None if body is None else body.encode()
    return requests.request(method, url, headers=headers, data=data, timeout=30)
