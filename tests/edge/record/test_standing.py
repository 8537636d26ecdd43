"""What an alarm desk goes on from after a restart is what the former one had."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.decide.alarms import DeskState, Instant, TroubleRule
from edge.decide.alerts import AlertRule, Escalation
from edge.decide.desk import AlarmDesk
from edge.decide.outcomes import CauseNow
from edge.record.care import Action
from tests.edge.record.samples import BOOTED_S, SESSION, StoppedClock, begun, change

BOOT = SESSION.boot_id
RULES = (
    AlertRule(
        name="distress",
        cooldown_s=120.0,
        sound_s=60.0,
        open_s=900.0,
        escalate=(
            Escalation(after_s=100.0, notify=("nurse",)),
            Escalation(after_s=300.0, notify=("doctor",), light="slow"),
        ),
        notify=("phone",),
    ),
    AlertRule(name="anger", when=("angry",), cooldown_s=30.0, notify=("mqtt", "phone")),
)
TROUBLE = TroubleRule(name="trouble: deaf", cooldown_s=200.0, light="double", notify=("phone",))
CAUSES = [*(rule.name for rule in RULES), TROUBLE.name]


@pytest.fixture
def log(tmp_path, clock):
    log = begun(tmp_path / "log.db", clock)
    yield log
    log.close()


def instant(clock, at_s):
    return Instant(monotonic_s=BOOTED_S + at_s, wall=clock.at(at_s).wall)


class Room:
    """A desk whose doings are all written into a log."""

    def __init__(self, log, clock):
        names = iter(range(10_000))
        self.log, self.clock, self.at_s = log, clock, 0.0
        self.desk = AlarmDesk(RULES, (TROUBLE,), new_id=lambda: f"a{next(names)}")

    def do(self, deed, value):
        at = self.clock.at(self.at_s)
        now = instant(self.clock, self.at_s)
        if deed == "wait":
            self.at_s += value
            now, at = instant(self.clock, self.at_s), self.clock.at(self.at_s)
            changes = self.desk.turn(now, {})
        elif deed == "hear":
            changes = self.desk.turn(now, {name: CauseNow(reason="heard") for name in value})
        elif deed == "acknowledge":
            changes = self.desk.acknowledge(now, who="button", alarm=value)
        elif deed == "snooze":
            until = now.wall + timedelta(seconds=value)
            self.log.record_action(Action(action="snoozed", who="mqtt", until=until), at)
            changes = self.desk.snooze(now, for_s=value, who="mqtt")
        else:
            self.log.record_action(Action(action="snooze ended", who="mqtt"), at)
            changes = self.desk.end_snooze(now, who="mqtt")
        self.log.record_changes(changes, at)


DEEDS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1.0, 20.0, 61.0, 130.0, 1000.0])),
    st.tuples(st.just("hear"), st.frozensets(st.sampled_from(CAUSES))),
    st.tuples(st.just("acknowledge"), st.sampled_from([None, "a0", "a1", "a2"])),
    st.tuples(st.just("snooze"), st.sampled_from([30.0, 900.0])),
    st.tuples(st.just("end snooze"), st.none()),
)


@settings(max_examples=60, deadline=None)
@given(deeds=st.lists(DEEDS, max_size=25))
@example(deeds=[("hear", ["anger"]), ("wait", 61.0), ("hear", ["anger"])])
@example(deeds=[("hear", CAUSES), ("wait", 130.0), ("snooze", 900.0), ("wait", 20.0)])
@example(deeds=[("hear", CAUSES), ("acknowledge", None), ("hear", CAUSES)])
def test_the_log_knows_what_the_desk_knows(tmp_path_factory, deeds):
    clock = StoppedClock()
    log = begun(tmp_path_factory.mktemp("desk") / "log.db", clock)
    log._spool.connection.execute("PRAGMA synchronous = OFF")
    room = Room(log, clock)
    for deed, value in deeds:
        room.do(deed, value)
    known, found = room.desk.state, log.desk_state(clock.at(room.at_s), boot_id=BOOT)
    log.close()
    # Light and buzzer are the rules' business.
    assert list(found.open) == [replace(alarm, light="none", buzzer="none") for alarm in known.open]
    assert found.called == known.called
    assert found.answered >= known.answered
    if known.snoozed_until:
        assert found.snoozed_until == known.snoozed_until


def test_a_desk_that_was_restored_calls_no_one_twice(log, clock):
    room = Room(log, clock)
    room.do("hear", ["distress"])
    restored = log.desk_state(clock.at(10.0), boot_id=BOOT)
    desk = AlarmDesk(RULES, (TROUBLE,), new_id=lambda: "another", restored=restored)
    heard = {"distress": CauseNow(reason="heard")}
    changes = desk.turn(instant(clock, 10.0), heard)
    assert [c.phase for c in changes] == []
    assert desk.sounding.id == "a0"
    assert desk.turn(instant(clock, 101.0), heard)[0].phase == "escalated"


@pytest.mark.parametrize(
    ("then_synced", "now_synced", "expected_s"),
    [(True, True, 5.0 - 65.0), (True, None, 0.0), (False, True, 0.0), (True, False, 0.0)],
)
def test_after_another_boot_waiting_is_never_shorter_than_the_truth(
    log, clock, then_synced, now_synced, expected_s
):
    clock.synced = then_synced
    log.record_changes([change(alarm="a1")], clock.at(0.0))
    now = replace(clock.at(65.0), monotonic_s=5.0, clock_synced=now_synced)
    state = log.desk_state(now, boot_id="another")
    (alarm,) = state.open
    assert alarm.raised == Instant(monotonic_s=expected_s, wall=clock.wall)
    assert state.called["distress"] == alarm.raised


def test_a_boot_without_a_name_is_another(log, clock):
    log.begin_session(replace(SESSION, boot_id=""), clock.at(0.0))
    log.record_changes([change()], clock.at(0.0))
    now = replace(clock.at(1.0), clock_synced=None)
    assert log.desk_state(now, boot_id="").open[0].raised.monotonic_s == 0.0


def test_an_empty_log_has_nothing_to_go_on_from(log, clock):
    assert log.desk_state(clock.at(0.0), boot_id=BOOT) == DeskState()


def test_where_the_log_is_damaged_the_desk_begins_anew(tmp_path, clock):
    path = tmp_path / "log.db"
    log = begun(path, clock)
    log.record_changes([change()], clock.at(0.0))
    log.close()
    path.write_bytes(b"no database" * 1000)
    log = begun(path, clock)
    assert log.desk_state(clock.at(0.0), boot_id=BOOT) == DeskState()
    log.close()


@pytest.mark.parametrize(
    ("then_synced", "now_synced", "boot", "left_s"),
    [
        (True, True, "another", 840.0),
        (False, True, "another", None),
        (True, False, "another", None),
        (False, False, BOOT, 900.0),
    ],
)
def test_a_snooze_that_may_be_long_over_holds_back_no_alarm(
    log, clock, then_synced, now_synced, boot, left_s
):
    clock.synced = then_synced
    at = clock.at(0.0)
    until = at.wall + timedelta(seconds=900)
    log.record_action(Action(action="snoozed", who="button", until=until), at)
    now_s = at.monotonic_s if boot == BOOT else 5.0
    now = replace(clock.at(60.0), monotonic_s=now_s, clock_synced=now_synced)
    snoozed = log.desk_state(now, boot_id=boot).snoozed_until
    assert (snoozed and snoozed.monotonic_s - now_s) == left_s


def test_who_starts_the_machine_anew_is_told_what_is_still_wrong(log, clock):
    rule = TROUBLE.name
    log.record_changes([change(rule=rule), change("acknowledged", rule=rule)], clock.at(0.0))
    assert log.desk_state(clock.at(9.0), boot_id=BOOT).answered == {rule}
    assert log.desk_state(clock.at(9.0), boot_id="another").answered == frozenset()


def test_what_was_mended_since_is_told_when_it_comes_back(log, clock):
    rule = TROUBLE.name
    log.record_changes([change(rule=rule), change("acknowledged", rule=rule)], clock.at(0.0))
    log.record_action(Action(action="mended", who="", note="trouble: another"), clock.at(1.0))
    assert log.desk_state(clock.at(9.0), boot_id=BOOT).answered == {rule}
    log.record_action(Action(action="mended", who="", note=rule), clock.at(2.0))
    assert log.desk_state(clock.at(9.0), boot_id=BOOT).answered == frozenset()
    again = [change(rule=rule, alarm="b"), change("acknowledged", rule=rule, alarm="b")]
    log.record_changes(again, clock.at(3.0))
    assert log.desk_state(clock.at(9.0), boot_id=BOOT).answered == {rule}
