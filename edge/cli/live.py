"""The live view of `ser-edge run`: one line in a terminal, a line a change elsewhere."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from typing import Final, TextIO

from edge.contract.labels import EMOTIONS
from edge.decide.alarms import AlarmChange
from edge.decide.outcomes import Event, Signal
from edge.record.care import Action
from edge.service.happenings import AlarmNews, Happening

_QUIETEST_DBFS: Final = -60.0
_METER_CELLS: Final = 12
_HEALTH: Final = {"starting": "starting", "deaf": "DEAF", "muted": "MUTED", "stopped": "stopped"}


class LiveView:
    """Shows level, speech, emotion with confidence, and LEDs where there are no real ones.

    Parameters
    ----------
    stream : TextIO
        Standard output. Where it is no terminal, only changes are printed, one a line.
    tells_states : bool
        Whether changes of the state are among them. Not in a journal, which keeps its lines for as
        long as it likes: how people sounded belongs into our own log alone.
    """

    def __init__(self, stream: TextIO, *, tells_states: bool = True) -> None:
        self._stream = stream
        self._tells_states = tells_states
        self._draws_lamps = False
        self._is_terminal = stream.isatty()
        self._fault: str | None = None

    def begin(self, facts: Sequence[str], *, draws_lamps: bool) -> None:
        """Say what listens; draw the LEDs from now on where there are no real ones."""
        self._draws_lamps = draws_lamps
        for fact in facts:
            self._print(fact)

    def take(self, outcome: Happening, *, state: str) -> None:
        """Print what stays: a change of the state, an alarm, what somebody did."""
        if isinstance(outcome, AlarmNews):
            for change in outcome.changes:
                self._print(alarm_line(change))
        elif isinstance(outcome, Action):
            self._print(f"{outcome.action} by {outcome.who}" if outcome.who else outcome.action)
        elif isinstance(outcome, Event) and self._tells_states and not self._is_terminal:
            self._print(f"{state} {outcome.confidence:.0%}")

    def show(self, signal: Signal) -> None:
        """Draw the line anew."""
        if _kind(signal.fault) != _kind(self._fault) and signal.health != "stopped":
            self._fault = signal.fault
            self._print(signal.fault or "sound comes again")
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r\x1b[K{line(signal, lamps=self._draws_lamps)[:width]}")
            self._stream.flush()

    def close(self) -> None:
        """Leave the cursor on a line of its own."""
        if self._is_terminal:
            self._stream.write("\n")
            self._stream.flush()

    def _print(self, text: str) -> None:
        clear = "\r\x1b[K" if self._is_terminal else ""
        self._stream.write(f"{clear}{text}\n")
        self._stream.flush()


def _kind(fault: str | None) -> str | None:
    """Return a fault without its numbers: how long it lasts by now makes no other one of it."""
    return fault and re.sub(r"\d+", "", fault)


def alarm_line(change: AlarmChange) -> str:
    """Return what has happened to an alarm, for people."""
    who = f" by {change.who}" if change.who else ""
    reason = "" if change.reason == change.phase else f": {change.reason}"
    return f"ALARM {change.rule} {change.phase}{who}{reason}"


def line(signal: Signal, *, lamps: bool) -> str:
    """Return the live line for a signal."""
    words = [
        _HEALTH.get(signal.health, "listening"),
        f"[{_meter(signal.level_dbfs)}] {signal.level_dbfs:4.0f} dBFS",
        "speech" if signal.speaking else "      ",
        f"{signal.state.replace('_', ' '):9} {_percent(signal)}",
    ]
    if lamps:
        words.append(_lamps(signal))
    if signal.alarm:
        words.append(f"ALARM {signal.alarm}")
    return "  ".join(words)


def _percent(signal: Signal) -> str:
    return f"{signal.confidence:4.0%}" if signal.confidence else "    "


def _meter(level_dbfs: float) -> str:
    share = 1.0 - max(_QUIETEST_DBFS, min(0.0, level_dbfs)) / _QUIETEST_DBFS
    n_full = round(share * _METER_CELLS)
    return "#" * n_full + "." * (_METER_CELLS - n_full)


def _lamps(signal: Signal) -> str:
    lit = "".join("●" if emotion == signal.state else "○" for emotion in EMOTIONS)
    return f"LEDs {lit}"
