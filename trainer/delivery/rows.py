"""A host as a line: while a push is under way, and in its report."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from trainer.delivery.outcomes import GOOD, HostReport, Outcome

_CELLS: Final = 12
_GREEN, _YELLOW, _RED = "32", "33", "31"
_WIDEST_NAME: Final = 32
_WIDTH_OF_OUTCOME: Final = 11
_LEAST_TEXT: Final = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What is shown of one host."""

    name: str
    outcome: Outcome | None
    """None while it is under way."""
    text: str

    @classmethod
    def of(cls, report: HostReport) -> Row:
        """Return the row of a report."""
        return cls(name=report.host, outcome=report.outcome, text=report.why)

    def drawn(self, *, name_width: int, width: int, colours: bool) -> str:
        """Return one line, cut where the terminal ends."""
        head = f"{self.name.ljust(name_width)}  "
        outcome = f"{self.outcome:{_WIDTH_OF_OUTCOME}}  " if self.outcome else ""
        room = width - len(head) - len(outcome)
        return head + self._styled(outcome, colours=colours) + self.text[: max(0, room)]

    def wrapped(self, *, name_width: int, width: int, colours: bool) -> str:
        """Return the whole text, its further lines below its first; one line if `width` is 0."""
        outcome = f"{self.outcome or '':{_WIDTH_OF_OUTCOME}}  "
        indent = " " * (name_width + 2 + len(outcome))
        lines = [self.text]
        if width - len(indent) >= _LEAST_TEXT:
            lines = textwrap.wrap(
                self.text, width - len(indent), break_long_words=False, break_on_hyphens=False
            )
        head = f"{self.name.ljust(name_width)}  {self._styled(outcome, colours=colours)}"
        return f"\n{indent}".join([head + lines[0], *lines[1:]])

    def _styled(self, text: str, *, colours: bool) -> str:
        if not colours or not self.outcome:
            return text
        colour = _GREEN if self.outcome in GOOD else _RED
        colour = _YELLOW if self.outcome == "not tried" else colour
        return f"\x1b[{colour}m{text}\x1b[0m"


def report_text(reports: Sequence[HostReport], stream: TextIO) -> str:
    """Return all reports as a table for a stream: wrapped and coloured on a terminal."""
    rows = [Row.of(report) for report in reports]
    width = shutil.get_terminal_size().columns if stream.isatty() else 0
    shape = {"name_width": width_of(row.name for row in rows), "width": width}
    return "\n".join(row.wrapped(**shape, colours=has_colours(stream)) for row in rows)


def width_of(names: Iterable[str]) -> int:
    """Return how wide the column of the names is."""
    return min(_WIDEST_NAME, max(map(len, names), default=0))


def has_colours(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose owner wants colours."""
    return stream.isatty() and "NO_COLOR" not in os.environ


def bar(share: float) -> str:
    """Return how much is done as a bar."""
    n_full = round(max(0.0, min(1.0, share)) * _CELLS)
    return "[" + "#" * n_full + "." * (_CELLS - n_full) + "]"
