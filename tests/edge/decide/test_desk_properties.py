"""What holds of the desk whatever happens: clock jumps, restarts, power cuts, suspend, snoozes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.decide.alarms import AlarmChange, Instant, in_this_boot
from edge.decide.alerts import Escalation
from edge.decide.desk import AGAIN
from tests.edge.decide.room import DEAF, PLAIN, RULE, Action, Room

NIGHT = replace(PLAIN, name="night", cooldown_s=200.0, quiet_hours=("12:05-12:20",))
SHORT = replace(RULE, name="short", cooldown_s=90.0, open_s=250.0)
RULES = (RULE, SHORT, NIGHT)
STEP_S = 5.0

NAMES = st.frozensets(st.sampled_from([*(rule.name for rule in RULES), DEAF.name]))
SECONDS = st.integers(1, 120).map(lambda n: n * STEP_S)
JUMPS = st.floats(-1e6, 1e6).map(round)


def hearing(seconds: float, names: frozenset[str]) -> Action:
    return lambda room: room.hear(seconds, *sorted(names))


def visited(seconds: float, names: frozenset[str]) -> Action:
    """Something calls, somebody comes, and it is over."""

    def visit(room: Room) -> None:
        room.hear(seconds, *sorted(names))
        room.acknowledge()
        room.hear(STEP_S)

    return visit


HEARING = st.builds(hearing, SECONDS, NAMES)
VISITED = st.builds(visited, SECONDS, NAMES)
COMING = st.just(Room.acknowledge)
SNOOZING = st.builds(lambda seconds: lambda room: room.snooze(seconds), SECONDS)
JUMPING = st.builds(lambda by_s: lambda room: room.set_clock(by_s), JUMPS)
SUSPENDING = st.builds(lambda for_s: lambda room: room.suspend(for_s), SECONDS)
RESTARTING = st.just(Room.restart)
REBOOTING = st.builds(
    lambda off_s, is_set: lambda room: room.reboot(off_s=off_s, is_set=is_set),
    SECONDS,
    st.booleans(),
)
ANYTHING = (HEARING, VISITED, COMING, SNOOZING, JUMPING, SUSPENDING, RESTARTING, REBOOTING)
STORIES = st.lists(st.one_of(HEARING, *ANYTHING), min_size=5, max_size=30)


def lived(story: list[Action]) -> Room:
    room = Room(*RULES, step_s=STEP_S)
    for action in story:
        action(room)
    return room


def by_alarm(room: Room) -> dict[str, list[AlarmChange]]:
    alarms: dict[str, list[AlarmChange]] = defaultdict(list)
    for written in room.written:
        alarms[written.change.alarm].append(written.change)
    return alarms


@given(STORIES)
@settings(max_examples=60, deadline=None)
def test_a_cooldown_is_never_shortened(story: list[Action]) -> None:
    """Neither by a clock that is set, nor by a restart, a power cut or a machine that slept."""
    room = lived(story)
    for rule in (*RULES, DEAF):
        raised = [
            written.true_s
            for written in room.written
            if written.change.rule == rule.name and written.change.phase == "raised"
        ]
        assert all(b - a >= rule.cooldown_s for a, b in pairwise(raised))


@given(STORIES)
@settings(max_examples=60, deadline=None)
def test_each_alarm_begins_once_and_ends_once_and_no_rule_has_two(story: list[Action]) -> None:
    room = lived(story)
    open_ = {alarm.id for alarm in room.desk.open}
    for alarm, changes in by_alarm(room).items():
        phases = [change.phase for change in changes]
        over = [phase in {"acknowledged", "ended"} for phase in phases]
        assert phases.index("raised") == 0
        assert phases.count("raised") == 1
        assert over == [False] * (len(phases) - 1) + [alarm not in open_]
    owner: dict[str, str] = {}
    for change in (written.change for written in room.written):
        if change.phase == "raised":
            assert owner.setdefault(change.rule, change.alarm) == change.alarm
        elif change.phase in {"acknowledged", "ended"}:
            del owner[change.rule]
    assert {alarm.rule: alarm.id for alarm in room.desk.open} == owner


@given(STORIES)
@settings(max_examples=60, deadline=None)
def test_steps_are_taken_in_order_and_everybody_who_was_called_hears_the_end(
    story: list[Action],
) -> None:
    for changes in by_alarm(lived(story)).values():
        steps = [change.step for change in changes]
        assert all(b - a in {0, 1} for a, b in pairwise(steps))
        called = {name for change in changes[:-1] for name in change.notify}
        if changes[-1].phase in {"acknowledged", "ended"}:
            assert set(changes[-1].notify) == called
        for before, change in pairwise(changes):
            assert change.phase != "quieted" or before.phase in {"raised", "escalated"}


@given(STORIES)
@settings(max_examples=60, deadline=None)
def test_nobody_is_called_in_quiet_hours_or_a_snooze(story: list[Action]) -> None:
    for written in lived(story).written:
        change, wall = written.change, written.at.wall
        if change.phase not in {"raised", "escalated"}:
            continue
        assert change.rule != "night" or not (12, 5) <= (wall.hour, wall.minute) < (12, 20)
        assert change.rule == DEAF.name or not written.is_snoozed


CALM = st.lists(st.one_of(HEARING, COMING, JUMPING), max_size=12)


def spoken(room: Room) -> list[tuple[float, str, str]]:
    """What was told, but for falling silent: after a restart an alarm sounds anew."""
    return [
        (written.true_s, written.change.rule, written.change.phase)
        for written in room.written
        if written.change.phase != "quieted" and not written.change.reason.startswith(AGAIN)
    ]


@given(before=CALM, after=CALM)
@settings(max_examples=60, deadline=None)
def test_after_a_restart_all_goes_on_as_without_one(
    before: list[Action], after: list[Action]
) -> None:
    """But for troubles, which have time to be noticed again, and an answer to what still lasts."""
    rules = [replace(rule, cooldown_s=1200.0) for rule in RULES]
    stories = []
    for restarts in (False, True):
        room = Room(*rules, troubles=(), step_s=STEP_S)
        for action in before:
            action(room)
        room.hear(STEP_S)  # what somebody answered is over
        if restarts:
            room.restart()
        for action in after:
            action(room)
        stories.append(spoken(room))
    assert stories[0] == stories[1]


@given(
    ago_s=st.floats(0, 1e6),
    up_s=st.floats(0, 1e6),
    then_up_s=st.floats(0, 1e6),
    agree=st.booleans(),
    wrong_s=st.floats(-1e6, 1e6),
)
def test_an_instant_of_another_boot_is_never_too_early(
    ago_s: float, up_s: float, then_up_s: float, agree: bool, wrong_s: float
) -> None:
    """What waits since then waits at least as long as it should, whatever the clocks say."""
    if ago_s < up_s:
        return  # it was in this boot
    wall = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()
    now = Instant(monotonic_s=up_s, wall=datetime.fromtimestamp(wall, UTC))
    then_wall = wall - ago_s + (0.0 if agree else wrong_s)
    then = Instant(monotonic_s=then_up_s, wall=datetime.fromtimestamp(then_wall, UTC))
    here = in_this_boot(then, now, same_boot=False, clocks_agree=agree)
    waited_s = now.monotonic_s - here.monotonic_s
    assert waited_s <= ago_s + 1e-3
    assert here.monotonic_s <= 0.0
    if agree:
        assert waited_s >= ago_s - 1e-3
    assert here.wall == then.wall


def test_an_instant_of_this_boot_is_itself() -> None:
    now = Instant(monotonic_s=9.0, wall=datetime(2026, 11, 26, tzinfo=UTC))
    then = Instant(monotonic_s=3.0, wall=datetime(2030, 1, 1, tzinfo=UTC))
    assert in_this_boot(then, now, same_boot=True, clocks_agree=False) == then


def test_the_stories_have_everything() -> None:
    """So that the properties above are not about nothing."""
    steps = (Escalation(after_s=50.0),)
    room = Room(replace(RULE, escalate=steps, open_s=400.0), step_s=STEP_S)
    story: list[Action] = [
        hearing(100, frozenset({"help"})),
        lambda room: room.snooze(60),
        hearing(600, frozenset()),
        hearing(600, frozenset({"help"})),
        Room.acknowledge,
    ]
    for action in story:
        action(room)
    assert set(room.phases) == {"raised", "escalated", "quieted", "ended", "acknowledged"}
