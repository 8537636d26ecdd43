"""A model's card, written in Markdown, as blocks that a page shows; the rest stays plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

_RULE: Final = re.compile(r"\|(?:\s*:?-+:?\s*\|)+")
_MARKS: Final = re.compile(r"\*\*|`")


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A piece of a card."""

    kind: Literal["title", "heading", "text", "list", "table"]
    lines: tuple[str, ...] = ()
    """The words; of a list its items."""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """Of a table."""


def blocks_of(card: str) -> list[Block]:
    """Return the pieces of a card, in order."""
    paragraphs = groupby(card.splitlines(), key=lambda line: bool(line.strip()))
    return [
        block
        for has_words, lines in paragraphs
        if has_words
        for block in _blocks([line.rstrip() for line in lines])
    ]


def _blocks(lines: list[str]) -> Iterator[Block]:
    if lines[0].startswith("#"):
        yield _heading(lines.pop(0))
    if not lines:
        return
    if lines[0].startswith("|") and len(lines) > 1 and _RULE.fullmatch(lines[1]):
        yield Block(kind="table", head=_cells(lines[0]), rows=tuple(map(_cells, lines[2:])))
    elif lines[0].startswith("- "):
        yield Block(kind="list", lines=_items(lines))
    else:
        yield Block(kind="text", lines=(_plain(" ".join(lines)),))


def _heading(line: str) -> Block:
    words = line.lstrip("#")
    is_title = len(line) - len(words) == 1
    return Block(kind="title" if is_title else "heading", lines=(_plain(words.strip()),))


def _items(lines: list[str]) -> tuple[str, ...]:
    """Join each item with the lines that go on with it."""
    items: list[str] = []
    for line in lines:
        if line.startswith("- "):
            items.append(line[2:])
        else:
            items[-1] += f" {line.strip()}"
    return tuple(map(_plain, items))


def _cells(line: str) -> tuple[str, ...]:
    return tuple(_plain(cell.strip()) for cell in line.strip().strip("|").split("|"))


def _plain(text: str) -> str:
    return _MARKS.sub("", text)
