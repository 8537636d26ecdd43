"""Rows a page at a time, newest first: each page is found by an index, however old it is."""

# ruff: noqa: S608 - the only names put into a statement are our own tables and columns

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from edge.errors import UsageError
from edge.record.query import LogReader, Selection
from edge.record.rows import Row, build

R = TypeVar("R", bound=Row)

_CURSOR: Final = re.compile(r"(-?\d{1,16})-(\d{1,16})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[R]):
    """Some rows, newest first by the wall clock."""

    rows: tuple[R, ...]
    older: str | None
    """What to ask for the next page with; None where this is the last."""


def page(
    log: LogReader,
    row_type: type[R],
    selection: Selection,
    *,
    n_rows: int,
    older: str | None = None,
) -> Page[R]:
    """Return a page of the selected rows.

    Parameters
    ----------
    log : LogReader
    row_type : type
        As for `LogReader.rows`.
    selection : Selection
        Its time and its states; `after_id` and `newest` count for nothing here.
    n_rows : int
        The most on a page.
    older : str, optional
        What the page before said; the newest rows where it is not given.

    Raises
    ------
    UsageError
        If `older` is nothing that a page said.
    """
    since_ms, until_ms = selection.span_ms
    at_ms, row_id = (until_ms, 0) if older is None else _place(older)
    states = ", ".join("?" for _ in selection.states)
    condition = f" AND t.state IN ({states})" if states else ""
    query = (
        f"SELECT t.*, s.model FROM {row_type.TABLE} AS t"
        " LEFT JOIN sessions AS s ON s.id = t.session"
        f" WHERE t.at_ms >= ? AND (t.at_ms, t.id) < (?, ?){condition}"
        " ORDER BY t.at_ms DESC, t.id DESC LIMIT ?"
    )
    place = min((at_ms, row_id), (until_ms, 0))
    found = list(log.select(query, (since_ms, *place, *selection.states, n_rows + 1)))
    shown = found[:n_rows]
    has_more = len(found) > n_rows > 0
    return Page(
        rows=tuple(build(row_type, row) for row in shown),
        older=f"{shown[-1]['at_ms']}-{shown[-1]['id']}" if has_more else None,
    )


def _place(older: str) -> tuple[int, int]:
    found = _CURSOR.fullmatch(older)
    if found is None:
        raise UsageError(f"{older!r} is no place in the log; use what the page before said")
    return int(found[1]), int(found[2])
