"""When an alert rule would have called, by what the log says of the states.

The device's own rule and desk decide. A state counts with the probabilities that it began with, as
the log knows no others. Each call is answered at once, as nobody can know when it would have been.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from edge.decide.alarms import Instant
from edge.decide.alerts import AlertRule, RuleWatch
from edge.decide.desk import AlarmDesk
from edge.decide.feedback import Stretch, moment
from edge.decide.outcomes import CauseNow

_RATE_HZ = 1000
"""Positions are counted in milliseconds: no sound is here whose rate would matter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """Windows with one and the same probability of what a rule waits for."""

    begins: datetime
    n_windows: int
    together: float


def calls(stretches: Sequence[Stretch], rule: AlertRule, *, hop_s: float) -> list[datetime]:
    """Return the moments at which a rule would have called, in order.

    Parameters
    ----------
    stretches : sequence of Stretch
        What was decided.
    rule : AlertRule
        With its cooldown, days and quiet hours.
    hop_s : float
        Time from one window to the next.
    """
    desk = _Desk(rule)
    watch = RuleWatch(rule, sample_rate_hz=_RATE_HZ, hop_length=round(hop_s * _RATE_HZ))
    emotion = next(iter(rule.emotions))
    n_memory = max(1, round(rule.within_s / hop_s))
    holds = False
    for piece in _pieces(stretches, rule, hop_s=hop_s):
        is_there = piece.together >= rule.confidence
        if not (is_there or holds or watch.held_s):
            continue
        # Beyond the rule's memory nothing changes any more, but that a cause may call again.
        n_windows = piece.n_windows if is_there else min(piece.n_windows, n_memory)
        for i in range(1, n_windows + 1):
            if news := watch.push({emotion: piece.together}, at_sample=0):
                holds = news.phase == "began"
            if holds:
                desk.ask(piece.begins + timedelta(seconds=i * hop_s))
    return desk.calls


class _Desk:
    """The device's desk, and somebody who answers at once."""

    def __init__(self, rule: AlertRule) -> None:
        numbers = count()
        self.calls: list[datetime] = []
        self._desk = AlarmDesk([rule], new_id=lambda: str(next(numbers)))
        self._causes = {rule.name: CauseNow(reason="replay")}
        self._pause = timedelta(seconds=rule.cooldown_s)

    def ask(self, at: datetime) -> None:
        """Let a cause hold at a moment; whether it calls is the desk's."""
        if self.calls and at - self.calls[-1] < self._pause:
            return  # it would say so itself, but takes longer
        now = Instant(monotonic_s=at.timestamp(), wall=at)
        if any(change.phase == "raised" for change in self._desk.turn(now, self._causes)):
            self._desk.acknowledge(now, who="replay")
            self.calls.append(at)


def _pieces(stretches: Iterable[Stretch], rule: AlertRule, *, hop_s: float) -> Iterator[_Piece]:
    """Yield what was heard, and silence where nothing was."""
    until: datetime | None = None
    # A clock that was set back has written the log in another order than that of time.
    for begins, stretch in sorted(
        ((moment(s.time), s) for s in stretches), key=lambda pair: pair[0]
    ):
        if until is not None and (gap_s := (begins - until).total_seconds()) >= hop_s:
            yield _Piece(begins=until, n_windows=int(gap_s / hop_s), together=0.0)
        n_windows = round(stretch.duration_s / hop_s)
        together = sum(stretch.probabilities.get(emotion, 0.0) for emotion in rule.emotions)
        yield _Piece(begins=begins, n_windows=n_windows, together=together)
        until = begins + timedelta(seconds=n_windows * hop_s)
