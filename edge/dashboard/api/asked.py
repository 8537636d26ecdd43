"""What a request asks for, read strictly: what is unknown or wrong is refused, never ignored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, NoReturn, TypeVar

from flask import abort, request

from edge.contract import tables
from edge.contract.labels import STATES

T = TypeVar("T")

MOST_ROWS: Final = 1000
USUAL_ROWS: Final = 100
_LARGEST_ID: Final = 2**53

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_ALARM: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
_YEARS: Final = range(1970, 9000)
_EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


def nothing() -> None:
    """Refuse parameters where none is taken."""
    only()


def only(**readers: Callable[[str], Any]) -> dict[str, Any]:
    """Return the parameters in the address, each read by its reader; absent ones are left out.

    Parameters
    ----------
    **readers : callable
        By the parameter's name; a reader raises `ValueError` with a sentence.
    """
    found: dict[str, Any] = {}
    for name, values in request.args.lists():
        if name not in readers:
            known = ", ".join(readers) or "none"
            refuse(f"there is no parameter {name!r} here; known are: {known}")
        if len(values) > 1:
            refuse(f"the parameter {name!r} comes {len(values)} times; once is enough")
        found[name] = _read(readers[name], name, values[0])
    return found


def body_of(cls: type[T]) -> T:
    """Return the JSON object in the body.

    Parameters
    ----------
    cls : type
        The dataclass that says what may stand in it; an absent body is an empty object.
    """
    content = body()
    if content and request.mimetype != "application/json":
        abort(415, "the body must be JSON, with Content-Type: application/json")
    try:
        table = json.loads(content or "{}")
    except (ValueError, RecursionError) as error:
        abort(400, f"the body is no JSON: {error}")
    try:
        return tables.from_table(cls, table, path="body")
    except tables.TableError as error:
        refuse(str(error))


def body() -> bytes:
    """Return the body, which is no longer than it may be."""
    content = request.get_data()
    if len(content) >= (request.max_content_length or 0):
        abort(413)  # of a body in pieces only the beginning is read
    return content


def refuse(sentence: str) -> NoReturn:
    """Fail with 422 and the sentence."""
    abort(422, sentence)


def refuse_unwritable(*texts: str) -> None:
    """Raise `ValueError` where a text has halves of characters, as JSON can bring them."""
    if any(text != text.encode(errors="replace").decode() for text in texts):
        raise ValueError("there is something in it that is no character")


def a_time(text: str) -> datetime:
    """Read a point in time with its offset; what lies beyond the calendar is moved into it."""
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no time; expected for example 2026-11-26T08:00:00+01:00")
    if text.startswith("0000"):
        return _EARLIEST
    fraction = (found[2] or "")[:7]
    zone = "+00:00" if found[3] in "Zz" else found[3]
    time = datetime.fromisoformat(f"{found[1].upper()}{fraction}{zone}")
    return _bounded(time)


def a_day(text: str) -> date:
    """Read a date; one that no log can have is not there."""
    day = _date(text)
    if day is None or day.year not in _YEARS:
        abort(404, f"there is no day {text!r}; expected for example 2026-11-26")
    return day


def an_alarm(text: str) -> str:
    """Read the id of an alarm in an address."""
    if not may_be_alarm(text):
        abort(404, f"there is no alarm {text!r}")
    return text


def may_be_alarm(text: str) -> bool:
    """Return whether a text could be the id of an alarm."""
    return _ALARM.fullmatch(text) is not None


def a_state(text: str) -> str:
    """Read the name of a state."""
    if text not in STATES:
        raise ValueError(tables.did_you_mean(text, list(STATES)))
    return text


def one_of(*words: str) -> Callable[[str], str]:
    """Return what reads one of some words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is not possible, {tables.did_you_mean(text, list(words))}")
        return text

    return read


def a_number(low: int, high: int) -> Callable[[str], int]:
    """Return what reads a whole number within bounds."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?\d{1,16}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return read


a_limit: Final = a_number(1, MOST_ROWS)
an_id: Final = a_number(0, _LARGEST_ID)


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _read(reader: Callable[[str], Any], name: str, text: str) -> Any:
    try:
        return reader(text)
    except ValueError as error:
        refuse(f"{name}: {error}")


def _bounded(time: datetime) -> datetime:
    try:
        return min(max(time.astimezone(UTC), _EARLIEST), _LATEST)
    except OverflowError:
        return _EARLIEST if time.year < 5000 else _LATEST
