"""The parts of a support file: gathered one by one, each within its time, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from edge.devices.timelimit import finishes_within
from edge.errors import SerError
from edge.service.support.redaction import Redactor

_MOST_CHARACTERS: Final = 1_000_000


class LeftOutError(Exception):
    """A part has nothing to tell here; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Collector:
    """Gathers one part."""

    name: str
    """Of the file in the bundle."""
    about: str
    gather: Callable[[], str]
    """Returns the text, or raises `LeftOutError`."""
    limit_s: float = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One file of the bundle, or the reason why it is not there."""

    name: str
    about: str
    text: str = ""
    left_out: str = ""


def gathered(collectors: Iterable[Collector], redactor: Redactor) -> Iterator[Part]:
    """Yield every part, redacted; one that fails or hangs is left out and says so."""
    for collector in collectors:
        yield _gathered(collector, redactor)


def _gathered(collector: Collector, redactor: Redactor) -> Part:
    parts: list[Part] = []
    if finishes_within(collector.limit_s, lambda: parts.append(_part(collector, redactor))):
        return parts[0]
    why = f"it took more than {collector.limit_s:g} s"
    return Part(name=collector.name, about=collector.about, left_out=why)


def _part(collector: Collector, redactor: Redactor) -> Part:
    text, why = "", ""
    try:
        text = _redacted(collector.gather(), collector.name, redactor)
    except (LeftOutError, SerError) as reason:
        why = str(reason)
    except Exception as error:  # noqa: BLE001 - what helps is as much of the rest as there is
        why = f"{type(error).__name__}: {error}"
    return Part(
        name=collector.name,
        about=collector.about,
        text=text,
        left_out=redactor.text(why),
    )


def _redacted(text: str, name: str, redactor: Redactor) -> str:
    """Redact JSON value by value: as a text, secrets would hide behind its escapes."""
    if name.endswith(".jsonl"):
        lines = (redactor.table(json.loads(line)) for line in text.splitlines())
        return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    if name.endswith(".json") and text:
        return json.dumps(redactor.table(json.loads(text)), indent=2, ensure_ascii=False) + "\n"
    return redactor.text(text)[-_MOST_CHARACTERS:]
