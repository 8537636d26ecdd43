"""What was heard in a stretch of time, as it is drawn: what of it, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from edge.record.days import local
from edge.record.heard import Span, spans_between
from edge.record.moments import epoch_ms
from edge.record.query import LogReader
from edge.record.thinning import thinned


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A stretch of time in one state, in local time."""

    begin: datetime
    end: datetime
    state: str
    confidence: float
    event: int
    """Id of the event that began it."""

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        # In UTC: between two times of one zone Python counts what the wall shows.
        return (self.end.astimezone(UTC) - self.begin.astimezone(UTC)).total_seconds()


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """What was heard between two moments; where there is no stretch, nobody listened."""

    begin: datetime
    end: datetime
    stretches: tuple[Stretch, ...]
    """Oldest first; they never overlap."""
    states_s: Mapping[str, float]
    """Seconds of each state, exact also where short stretches were left out."""
    is_thinned: bool
    """Whether there was more than was asked for, and stretches stand for several."""

    @property
    def heard_s(self) -> float:
        """Seconds in which somebody listened."""
        return sum(self.states_s.values())


def timeline(
    log: LogReader, since: datetime, until: datetime, *, now: datetime, n_most: int | None = None
) -> Timeline:
    """Return what was heard between two moments, in the zone of the first.

    Parameters
    ----------
    log : LogReader
    since, until : datetime
        The second is left out.
    now : datetime
        The present, to which the state of a session that goes on lasts.
    n_most : int, optional
        Of more stretches than this each one stands for an equal share of the time: the emotion
        that lasted longest in it, if one did for a tenth of it, or else what lasted longest.
    """
    since_ms, until_ms = epoch_ms(since), epoch_ms(until)
    spans = list(spans_between(log, since_ms, until_ms, now_ms=epoch_ms(now)))
    states_ms: Counter[str] = Counter()
    for span in spans:
        states_ms[span.state] += span.end_ms - span.begin_ms
    is_thinned = n_most is not None and len(spans) > n_most
    drawn = thinned(spans, since_ms, until_ms, n_most) if n_most and is_thinned else spans
    zone = since.tzinfo
    assert zone is not None
    return Timeline(
        begin=since,
        end=until,
        stretches=tuple(_stretches(drawn, zone)),
        states_s={state: lasted_ms / 1000 for state, lasted_ms in states_ms.items()},
        is_thinned=is_thinned,
    )


def _stretches(spans: Iterable[Span], zone: tzinfo) -> Iterator[Stretch]:
    end_ms, end = 0, local(0, zone)
    for span in spans:
        # Most begin where the one before ended.
        begin = end if span.begin_ms == end_ms else local(span.begin_ms, zone)
        end_ms, end = span.end_ms, local(span.end_ms, zone)
        yield Stretch(
            begin=begin, end=end, state=span.state, confidence=span.confidence, event=span.event
        )
