"""Fewer spans than there are: what can be drawn on a phone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from edge.contract.labels import EMOTIONS
from edge.record.heard import Span

_LEAST_SHARE: Final = 0.1
"""An emotion stands for its cell from this share of it on, however long nobody spoke."""


def thinned(spans: Iterable[Span], since_ms: int, until_ms: int, n_cells: int) -> list[Span]:
    """Return one span at most for each of so many equal cells of a time.

    Parameters
    ----------
    spans : iterable of Span
        In their order, within the time.
    since_ms, until_ms : int
    n_cells : int
    """
    cell_ms = max(1, -(-(until_ms - since_ms) // n_cells))
    cells: dict[int, list[Span]] = {}
    for span in spans:
        for cell, part in _cut(span, since_ms, cell_ms):
            cells.setdefault(cell, []).append(part)
    chosen = [_standing(parts, cell_ms) for _, parts in sorted(cells.items())]
    return list(_joined(chosen))


def _cut(span: Span, since_ms: int, cell_ms: int) -> Iterator[tuple[int, Span]]:
    """Yield the parts of a span, each within one cell."""
    first, last = (span.begin_ms - since_ms) // cell_ms, (span.end_ms - 1 - since_ms) // cell_ms
    for cell in range(first, last + 1):
        begin_ms = since_ms + cell * cell_ms
        yield (
            cell,
            span._replace(
                begin_ms=max(span.begin_ms, begin_ms), end_ms=min(span.end_ms, begin_ms + cell_ms)
            ),
        )


def _standing(parts: list[Span], cell_ms: int) -> Span:
    """Return what stands for the parts of a cell, from the first's begin to the last's end."""
    lasted_ms: Counter[str] = Counter()
    for part in parts:
        lasted_ms[part.state] += part.end_ms - part.begin_ms
    emotions = [
        state
        for state, ms in lasted_ms.most_common()
        if state in EMOTIONS and ms >= _LEAST_SHARE * cell_ms
    ]
    state = emotions[0] if emotions else lasted_ms.most_common(1)[0][0]
    longest = max(
        (part for part in parts if part.state == state),
        key=lambda part: part.end_ms - part.begin_ms,
    )
    return longest._replace(begin_ms=parts[0].begin_ms, end_ms=parts[-1].end_ms)


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans; neighbours of one state are one."""
    before: Span | None = None
    for span in spans:
        if before and before.state == span.state and before.end_ms == span.begin_ms:
            before = before._replace(end_ms=span.end_ms)
            continue
        if before:
            yield before
        before = span
    if before:
        yield before
