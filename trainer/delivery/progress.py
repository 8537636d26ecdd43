"""How a push shows itself: one line a host, drawn anew on a terminal, told once elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from typing import Final, TextIO

from trainer.delivery import rows
from trainer.delivery.conversation import Step
from trainer.delivery.inventory import Host
from trainer.delivery.outcomes import HostReport
from trainer.delivery.rows import Row

_CLEAR_DOWN: Final = "\r\x1b[J"
_TURN_S: Final = 0.5


class PlainProgress:
    """Each step as a line of its own, for files and for whoever reads them."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._last: dict[Host, str] = {}

    def begin(self, hosts: Sequence[Host]) -> None:
        """Nothing: the first step says enough."""

    def tell(self, host: Host, step: Step) -> None:
        """Print the step, but for the many that say the same."""
        said = step.name if step.name == "trial" else step.text
        if self._last.get(host) != said:
            self._last[host] = said
            self._write(f"{host.name}: {step.text}\n")

    def end(self, host: Host, report: HostReport) -> None:
        """Print the outcome; its reason stands in the report."""
        self._write(f"{host.name}: {report.outcome}\n")

    def tick(self) -> None:
        """Nothing: a line stays as it is."""

    def clear(self) -> None:
        """Nothing: the lines stay."""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class LiveProgress:
    """One line for each host, or for each that is under way where there are too many."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._hosts: list[Host] = []
        self._now: dict[Host, Step] = {}
        self._since_s: dict[Host, float] = {}
        self._ended: dict[Host, HostReport] = {}
        self._n_drawn = 0
        self._next_s = 0.0

    def begin(self, hosts: Sequence[Host]) -> None:
        """Draw all hosts as those that wait."""
        self._hosts = list(hosts)
        self.tick()

    def tell(self, host: Host, step: Step) -> None:
        """Keep the step for the next drawing."""
        if host not in self._now or self._now[host].name != step.name:
            self._since_s[host] = time.monotonic()
        self._now[host] = step
        self._next_s = 0.0

    def end(self, host: Host, report: HostReport) -> None:
        """Keep the outcome for the next drawing."""
        self._ended[host] = report
        self._next_s = 0.0

    def tick(self) -> None:
        """Draw anew, if something has changed or time should be seen to go by."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + _TURN_S
            self._draw()

    def clear(self) -> None:
        """Take the lines away: the report comes in their place."""
        self._write(self._undrawn())
        self._n_drawn = 0

    def _draw(self) -> None:
        size = shutil.get_terminal_size()
        shown = self._rows(size.lines - 1)
        shape = {"name_width": rows.width_of(host.name for host in self._hosts)}
        colours = rows.has_colours(self._stream)
        lines = [row.drawn(**shape, width=size.columns - 1, colours=colours) for row in shown]
        self._write(self._undrawn() + "".join(f"{line}\n" for line in lines))
        self._n_drawn = len(lines)

    def _undrawn(self) -> str:
        return (f"\x1b[{self._n_drawn}A" if self._n_drawn else "") + _CLEAR_DOWN

    def _rows(self, n_most: int) -> list[Row]:
        if len(self._hosts) <= n_most:
            return [self._row(host) for host in self._hosts]
        under_way = [host for host in self._now if host not in self._ended]
        n_waiting = len(self._hosts) - len(self._ended) - len(under_way)
        rest = f"{len(self._ended)} of {len(self._hosts)} hosts done, {n_waiting} waiting"
        shown = [self._row(host) for host in under_way[: max(0, n_most - 1)]]
        return [*shown, Row(name="", outcome=None, text=rest)]

    def _row(self, host: Host) -> Row:
        if report := self._ended.get(host):
            return Row.of(report)
        return Row(name=host.name, outcome=None, text=self._text(host))

    def _text(self, host: Host) -> str:
        step = self._now.get(host)
        if step is None:
            return "waiting for its turn"
        if step.share is not None:
            return f"{rows.bar(step.share)} {step.share:4.0%}  {step.text}"
        if step.name == "trial":  # the device itself counts
            return step.text
        return f"{step.text} ({time.monotonic() - self._since_s[host]:.0f} s)"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
