"""What is drawn of a day is what was heard, also where nobody listened for a while."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.record.care import Action
from edge.record.heard import Span, spans_between
from edge.record.moments import Moment, epoch_ms
from edge.record.query import LogReader
from edge.record.summary import calendar, day_timeline
from edge.record.thinning import thinned
from edge.record.timeline import timeline
from tests.edge.record.samples import SESSION, StoppedClock, event, minute, open_log

BERLIN = ZoneInfo("Europe/Berlin")
MORNING = datetime(2026, 11, 20, 8, 0, tzinfo=BERLIN)


class Room:
    """A log of what happens in a room, and beside it what is true."""

    def __init__(self, path, begin=MORNING):
        self.path, self.now, self.stream_s = path, begin, 0.0
        self.state, self.heard = None, []
        self._open()

    def _open(self):
        self.log = open_log(self.path, StoppedClock(wall=self.now))
        self.log._spool.read(lambda c: c.execute("PRAGMA synchronous = OFF"))
        self._begin()

    def _begin(self):
        self.stream_s = 0.0
        self.log.begin_session(SESSION, self.moment)
        self.say(self.state or "no_speech")

    @property
    def moment(self):
        return Moment(wall=self.now, clock_synced=True, at_s=self.stream_s, monotonic_s=0.0)

    def say(self, state):
        self.state = state
        self.log.record(event(state, at_s=self.stream_s), self.moment)

    def listen(self, seconds):
        begin_ms = epoch_ms(self.now)
        self.wait(seconds)
        self.stream_s += seconds
        if self.heard and self.heard[-1][1:] == (begin_ms, self.state):
            begin_ms = self.heard.pop()[0]
        self.heard.append((begin_ms, epoch_ms(self.now), self.state))

    def wait(self, seconds):
        self.now = (self.now.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(BERLIN)

    def do(self, deed, state, seconds):
        if deed == "say":
            self.say(state)
        elif deed == "deaf":
            self.log.note("microphone", "the microphone has gone", self.moment)
            self.wait(seconds)
            self.log.note("microphone", "sound comes again", self.moment)
        elif deed == "mute":
            self.log.record_action(Action(action="muted", who="button"), self.moment)
            self.wait(seconds)
            self.log.record_action(Action(action="unmuted", who="button"), self.moment)
        elif deed == "stop":
            self.log.end_session(self.moment)
            self.wait(seconds)
            self._begin()
        elif deed == "crash":
            self.log.record_minute(minute(), self.moment)
            self.log.close()
            self.wait(seconds)
            self._open()
        self.listen(seconds)

    def truth(self, since_ms, until_ms):
        """Return what was heard, neighbours of one state as one."""
        return joined(
            (max(begin, since_ms), min(end, until_ms), state)
            for begin, end, state in self.heard
            if max(begin, since_ms) < min(end, until_ms)
        )


def joined(spans):
    found = []
    for begin, end, state in spans:
        goes_on = found and found[-1][1:] == (begin, state)
        found.append((found.pop()[0] if goes_on else begin, end, state))
    return found


DEEDS = st.tuples(
    st.sampled_from(["say", "say", "deaf", "mute", "stop", "crash"]),
    st.sampled_from(["calm", "sad", "angry"]),
    st.sampled_from([3.0, 40.0, 700.0, 5000.0, 60_000.0]),
)


@settings(max_examples=50, deadline=None)
@given(deeds=st.lists(DEEDS, max_size=12), cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_spans_are_what_was_heard(tmp_path_factory, deeds, cuts):
    room = Room(tmp_path_factory.mktemp("room") / "log.db")
    room.listen(10.0)
    for deed in deeds:
        room.do(*deed)
    begin_ms, end_ms = epoch_ms(MORNING), epoch_ms(room.now)
    since_ms, until_ms = sorted(begin_ms + round(cut * (end_ms - begin_ms)) for cut in cuts)
    with LogReader(room.path) as log:
        whole = list(spans_between(log, begin_ms, end_ms, now_ms=end_ms))
        part = list(spans_between(log, since_ms, until_ms, now_ms=end_ms))
        days = calendar(log, MORNING.date(), date(2026, 12, 20), BERLIN, now=room.now)
    room.log.close()
    assert joined(span[:3] for span in whole) == room.truth(begin_ms, end_ms)
    assert joined(span[:3] for span in part) == room.truth(since_ms, until_ms)
    lasted_s = sum(end - begin for begin, end, _ in room.truth(begin_ms, end_ms)) / 1000
    assert sum(day.heard_s for day in days.values()) == pytest.approx(lasted_s)


@pytest.fixture
def room(tmp_path):
    room = Room(tmp_path / "log.db")
    yield room
    room.log.close()


def spans(room, *, now=None):
    begin_ms = epoch_ms(MORNING)
    now_ms = epoch_ms(now or room.now)
    with LogReader(room.path) as log:
        return [
            ((span.begin_ms - begin_ms) / 1000, (span.end_ms - begin_ms) / 1000, span.state)
            for span in spans_between(log, begin_ms, begin_ms + 86_400_000, now_ms=now_ms)
        ]


def test_the_state_that_lasts_goes_on_until_now(room):
    room.listen(100.0)
    assert spans(room) == [(0.0, 100.0, "no_speech")]


def test_where_minutes_are_counted_a_silent_log_means_that_nobody_listens(room):
    room.listen(60.0)
    room.log.record_minute(minute(), room.moment)
    later = room.now + timedelta(hours=3)
    assert spans(room, now=room.now + timedelta(seconds=90)) == [(0.0, 150.0, "no_speech")]
    assert spans(room, now=later) == [(0.0, 60.0, "no_speech")]


def test_who_has_muted_is_not_heard_although_no_minute_says_so(room):
    room.listen(60.0)
    room.log.record_action(Action(action="muted", who="button"), room.moment)
    room.wait(3600.0)
    room.log.record_action(Action(action="snoozed", who="button"), room.moment)
    assert spans(room) == [(0.0, 60.0, "no_speech")]
    room.log.record_action(Action(action="unmuted", who="button"), room.moment)
    room.listen(30.0)
    assert spans(room) == [(0.0, 60.0, "no_speech"), (3660.0, 3690.0, "no_speech")]


def test_a_short_pause_is_no_gap(room):
    room.listen(30.0)
    room.wait(1.5)
    room.listen(30.0)
    room.say("calm")
    room.listen(10.0)
    assert spans(room) == [(0.0, 61.5, "no_speech"), (61.5, 71.5, "calm")]


def test_a_clock_that_is_set_back_makes_no_span_of_less_than_nothing(room):
    room.listen(100.0)
    room.wait(-80.0)
    room.say("sad")
    room.listen(50.0)
    found = spans(room)
    assert all(begin < end for begin, end, _ in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))
    assert found[-1] == (20.0, 70.0, "sad")


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 20), 24)]
)
def test_a_day_is_as_long_as_its_clocks_say(tmp_path, day, hours):
    evening = datetime(day.year, day.month, day.day, 0, 0, tzinfo=BERLIN) - timedelta(hours=2)
    room = Room(tmp_path / "log.db", begin=evening)
    for _ in range(12):
        room.say("calm")
        room.listen(9000.0)
    room.say("sad")
    with LogReader(room.path) as log:
        found = day_timeline(log, day, BERLIN, now=room.now)
        days = calendar(log, day, day + timedelta(days=1), BERLIN, now=room.now)
    room.log.close()
    assert found.states_s == {"calm": 3600.0 * hours}
    assert sum(one.duration_s for one in found.stretches) == 3600.0 * hours
    assert (found.begin.hour, found.begin.date()) == (0, day)
    assert (found.end.hour, found.end.date()) == (0, day + timedelta(days=1))
    assert (found.stretches[0].begin, found.stretches[-1].end) == (found.begin, found.end)
    assert days[day].states_s == pytest.approx({"calm": 3600.0 * hours})


def test_times_are_those_of_the_zone_that_is_asked_for(room):
    room.listen(100.0)
    tokyo = ZoneInfo("Asia/Tokyo")
    with LogReader(room.path) as log:
        found = timeline(log, MORNING.astimezone(tokyo), room.now, now=room.now)
    assert found.stretches[0].begin.isoformat() == "2026-11-20T16:00:00+09:00"
    assert found.stretches[0].duration_s == 100.0
    assert found.heard_s == 100.0


def span(begin_s, end_s, state):
    return Span(1000 * begin_s, 1000 * end_s, state, 0.7, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([(0, 30, "calm"), (30, 60, "sad")], [(0, 30, "calm"), (30, 60, "sad")]),
        # The emotion that lasted longest stands for its cell, silence only where there is none.
        ([(0, 14, "no_speech"), (14, 18, "sad"), (18, 30, "no_speech")], [(0, 30, "sad")]),
        ([(0, 14, "no_speech"), (14, 16, "sad"), (16, 30, "no_speech")], [(0, 30, "no_speech")]),
        ([(0, 10, "no_speech"), (10, 25, "uncertain")], [(0, 25, "uncertain")]),
        ([(0, 8, "calm"), (8, 12, "sad"), (12, 29, "calm"), (29, 30, "sad")], [(0, 30, "calm")]),
        # Nobody listened from 20 to 40.
        ([(0, 20, "calm"), (40, 60, "calm")], [(0, 20, "calm"), (40, 60, "calm")]),
        ([(0, 60, "sad")], [(0, 60, "sad")]),
    ],
)
def test_what_is_too_short_to_be_drawn_is_left_out(before, after):
    found = thinned([span(*one) for one in before], 0, 60_000, 2)
    assert found == [span(*one) for one in after]


def test_a_day_with_too_much_in_it_is_thinned_and_its_sums_stay(room):
    for n in range(200):
        room.say(("calm", "no_speech", "sad")[n % 3])
        room.listen(5.0)
    with LogReader(room.path) as log:
        whole = day_timeline(log, MORNING.date(), BERLIN, now=room.now)
        few = day_timeline(log, MORNING.date(), BERLIN, now=room.now, n_most=50)
    assert (whole.is_thinned, few.is_thinned) == (False, True)
    assert len(few.stretches) <= 50 < len(whole.stretches)
    assert few.states_s == whole.states_s
    assert (few.stretches[0].begin, few.stretches[-1].end) == (
        whole.stretches[0].begin,
        whole.stretches[-1].end,
    )
