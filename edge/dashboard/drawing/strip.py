"""An hour as a strip: twenty seconds a mark, its height by how much it matters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from edge.contract.labels import GROUPS, NO_SPEECH, UNCERTAIN

BIN_S: Final = 20.0
HOUR_S: Final = 3600.0
N_BINS: Final = int(HOUR_S / BIN_S)

_HEIGHT: Final = 24
_LEAST_VOICE_S: Final = 3.0
"""Less voice than this in twenty seconds leaves the mark to the silence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A time in one state, in seconds since the hour began."""

    begin_s: float
    end_s: float
    state: str

    @property
    def lasts_s(self) -> float:
        """How long it lasts."""
        return self.end_s - self.begin_s


def strip(marks: Iterable[Mark], alarms_s: Iterable[float] = ()) -> Markup:
    """Draw one hour: its states from its beginning on, and its alarms as marks above them.

    A mark shows the state in which most of the voice in it was; distress goes before the others, so
    that it is not lost among them.
    """
    paths = [_path(state, runs) for state, runs in sorted(_runs(bins(marks)).items())]
    alarms = [
        Markup('<path class="mark" d="M{:.0f} 0l3-8h-6z"/>').format(
            min(max(at_s / BIN_S, 3), N_BINS - 3)
        )
        for at_s in alarms_s
    ]
    return Markup(
        '<svg class="strip" viewBox="0 -9 {} {}" preserveAspectRatio="none" aria-hidden="true"'
        ' focusable="false">{}</svg>'
    ).format(N_BINS, _HEIGHT + 9, Markup("").join([*paths, *alarms]))


def bins(marks: Iterable[Mark]) -> list[str | None]:
    """Return the state that each twenty seconds of an hour show; None where nothing was heard."""
    heard: list[dict[str, float]] = [defaultdict(float) for _ in range(N_BINS)]
    for mark in marks:
        begin, end = max(0.0, mark.begin_s), min(HOUR_S, mark.end_s)
        first, last = int(begin // BIN_S), min(N_BINS - 1, int(end // BIN_S))
        for n in range(first, last + 1):
            within_s = min(end, (n + 1) * BIN_S) - max(begin, n * BIN_S)
            if within_s > 0:
                heard[n][mark.state] += within_s
    return [_shown(seconds) for seconds in heard]


def _shown(seconds: dict[str, float]) -> str | None:
    if not seconds:
        return None
    voiced = {state: s for state, s in seconds.items() if state != NO_SPEECH}
    distressed = {state: s for state, s in voiced.items() if state in GROUPS["distress"]}
    for chosen in (distressed, voiced):
        if sum(chosen.values()) >= _LEAST_VOICE_S:
            return max(chosen, key=chosen.__getitem__)
    return NO_SPEECH if NO_SPEECH in seconds else max(voiced, key=voiced.__getitem__)


def _runs(states: Sequence[str | None]) -> dict[str, list[tuple[int, int]]]:
    """Return, for each state, where it begins and how many marks it lasts."""
    runs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for n, state in enumerate(states):
        if state is None:
            continue
        begun = runs[state]
        if begun and sum(begun[-1]) == n:
            begun[-1] = (begun[-1][0], begun[-1][1] + 1)
        else:
            begun.append((n, 1))
    return runs


def _path(state: str, runs: Iterable[tuple[int, int]]) -> Markup:
    height = _height(state)
    top = _HEIGHT - height
    boxes = "".join(f"M{at} {top}h{n}v{height}h-{n}z" for at, n in runs)
    return Markup('<path class="s-{}" d="{}"/>').format(state, boxes)


def _height(state: str) -> int:
    if state in GROUPS["distress"]:
        return _HEIGHT
    if state == NO_SPEECH:
        return 2
    if state == UNCERTAIN:
        return _HEIGHT // 4
    return _HEIGHT // 2 if state in GROUPS["settled"] else 3 * _HEIGHT // 4
