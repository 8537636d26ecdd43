"""The timeline of `ser-edge rules test`: one column a stretch of time, one strip a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from edge.app.ruletest import Rehearsed
from edge.contract.labels import NO_SPEECH, UNCERTAIN
from edge.decide.rehearsal import Mark, RuleStory, Stretch

LETTERS: Final = {
    "calm": "c",
    "happy": "h",
    "sad": "s",
    "angry": "a",
    "fearful": "f",
    "disgusted": "d",
    "surprised": "u",
    "neutral": "n",
    UNCERTAIN: "?",
    NO_SPEECH: "·",
}
_RISING: Final = " ▁▂▃▄▅▆▇▇"
HOLDS, WITHHELD, CALLS = "█", "░", "▲"
_LEGEND: Final = {
    "▁▂▃▄▅▆▇": "how much of its time a rule has",
    HOLDS: "it holds",
    WITHHELD: "holds, but is held back",
    CALLS: "somebody is called",
}

_LEAST_COLUMN_S: Final = 0.5
_TICK_COLUMNS: Final = 12
_STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200)
_MINUTE_S: Final = 60
_DAY_S: Final = 86_400


class Timeline:
    """Draws a rehearsal into a number of columns.

    Parameters
    ----------
    rehearsed : Rehearsed
    width : int
        Columns that there are, labels included.
    """

    def __init__(self, rehearsed: Rehearsed, *, width: int) -> None:
        play = rehearsed.play
        names = [story.rule.name for story in play.stories]
        self._rehearsed = rehearsed
        self._label_width = min(20, max(len(name) for name in ("heard", *names))) + 2
        # Windows end a little after the sound does.
        self._length_s = max(rehearsed.duration_s, play.heard_to_s, _LEAST_COLUMN_S)
        most = int(self._length_s / _LEAST_COLUMN_S)
        self._n = max(1, min(width - self._label_width, most))
        self._column_s = self._length_s / self._n

    def lines(self) -> Iterator[str]:
        """Give the ruler, what was heard, and a strip for each rule."""
        yield self._line("", self._ruler())
        yield self._line("heard", self._states(self._rehearsed.play.states))
        for story in self._rehearsed.play.stories:
            yield self._line(story.rule.name, self._rule(story))
            calls = self._calls(story)
            if CALLS in calls:
                yield self._line("", calls)

    def legend(self) -> tuple[str, str]:
        """Explain the signs that are used: of states, and of rules."""
        play = self._rehearsed.play
        heard = self._states(play.states)
        drawn = {sign for s in play.stories for sign in self._rule(s) + self._calls(s)}
        names = {sign: name.replace("_", " ") for name, sign in LETTERS.items()}
        states = [f"{sign} {name}" for sign, name in names.items() if sign in heard]
        signs = [f"{sign[::6]} {text}" for sign, text in _LEGEND.items() if drawn & set(sign)]
        return "   ".join(states), "   ".join(signs)

    def _line(self, label: str, strip: str) -> str:
        return (label[: self._label_width - 2].ljust(self._label_width) + strip).rstrip()

    def _column(self, at_s: float) -> int:
        return max(0, min(self._n - 1, int((at_s - 1e-6) / self._column_s)))

    def _ruler(self) -> str:
        step_s = next((s for s in _STEPS_S if s / self._column_s >= _TICK_COLUMNS), 0)
        while not step_s or step_s / self._column_s < _TICK_COLUMNS:
            step_s += _DAY_S
        began = self._rehearsed.began
        is_clock = self._rehearsed.kind == "log"
        since_midnight_s = began.hour * 3600 + began.minute * 60 + began.second
        at_s = float(-since_midnight_s % step_s) if is_clock else 0.0
        ruler = [" "] * (self._n + _TICK_COLUMNS)
        while at_s < self._length_s:
            column = int(at_s / self._column_s)
            label = f"|{self._tick(at_s, step_s)}"
            ruler[column : column + len(label)] = label
            at_s += step_s
        return "".join(ruler).rstrip()

    def _tick(self, at_s: float, step_s: float) -> str:
        if self._rehearsed.kind == "recording":
            return clock_text(at_s)
        wall = self._rehearsed.play.instant(at_s).wall
        if step_s >= _DAY_S:
            return f"{wall:%a %d}"
        if step_s < _MINUTE_S:
            return f"{wall:%H:%M:%S}"
        return f"{wall:%a %H:%M}" if step_s >= _DAY_S / 4 else f"{wall:%H:%M}"

    def _states(self, states: list[Stretch]) -> str:
        """What lasted longest in each column, and silence only where there was nothing else."""
        columns: list[dict[str, float]] = [defaultdict(float) for _ in range(self._n)]
        for stretch in states:
            for column in range(self._column(stretch.from_s), self._column(stretch.to_s) + 1):
                begin_s = max(stretch.from_s, column * self._column_s)
                end_s = min(stretch.to_s, (column + 1) * self._column_s)
                columns[column][stretch.what] += max(end_s - begin_s, 1e-3)
        return "".join(_letter(column) for column in columns)

    def _rule(self, story: RuleStory) -> str:
        signs = [" "] * self._n
        end = Mark(from_s=self._length_s, level=0, holds=False, withheld=False)
        for mark, following in pairwise([*story.marks, end]):
            sign = _sign(mark)
            last = max(self._column(mark.from_s), self._column(following.from_s) - 1)
            for column in range(self._column(mark.from_s), last + 1):
                signs[column] = max(signs[column], sign, key=_WEIGHTS.index)
        return "".join(signs)

    def _calls(self, story: RuleStory) -> str:
        signs = [" "] * self._n
        for told in self._rehearsed.play.told:
            change = told.change
            if change.rule == story.rule.name and change.phase in {"raised", "escalated"}:
                signs[self._column(told.at_s)] = CALLS
        return "".join(signs)


_WEIGHTS: Final = _RISING[:-1] + WITHHELD + HOLDS


def clock_text(at_s: float) -> str:
    """Return a position as ``3:05`` or ``1:03:05``."""
    minutes, seconds = divmod(int(at_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _sign(mark: Mark) -> str:
    if mark.holds:
        return WITHHELD if mark.withheld else HOLDS
    return _RISING[mark.level]


def _letter(column: dict[str, float]) -> str:
    heard = {state: length_s for state, length_s in column.items() if state != NO_SPEECH}
    if heard:
        return LETTERS[max(heard, key=heard.__getitem__)]
    return LETTERS[NO_SPEECH] if column else " "
