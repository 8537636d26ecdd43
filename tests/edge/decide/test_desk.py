"""What somebody is called for, how long, and who is called next; each case as a story."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from edge.decide.alerts import EVERY_DAY
from edge.decide.desk import AGAIN, SETTLING_S
from edge.decide.outcomes import CauseNow
from tests.edge.decide.room import DEAF, NOON, PLAIN, RULE, SAD, Room
from tests.support import need

LOUD = replace(PLAIN, name="loud", severity="urgent", buzzer="long", sound_s=600.0)
MILD = replace(PLAIN, name="mild", severity="notice", buzzer="soft", sound_s=600.0)


def test_an_alarm_that_nobody_answers_is_escalated_and_ends_at_last() -> None:
    room = Room()
    assert room.hear(10, "help") == [(1.0, f"help raised: {SAD.reason}")]
    assert room.hear(3700) == [
        (11.0, "help quieted: cause ended"),
        (121.0, f"help escalated: nobody answered for 120 s: {SAD.reason}"),
        (181.0, "help quieted: sounded for 60 s"),
        (241.0, f"help escalated: nobody answered for 240 s: {SAD.reason}"),
        (301.0, "help quieted: sounded for 60 s"),
        (3601.0, "help ended: nobody answered"),
    ]
    told = [(w.change.step, w.change.notify) for w in room.written if w.change.notify]
    assert told == [
        (0, ("anna",)),
        (1, ("neighbour",)),
        (2, ("doctor",)),
        (2, ("anna", "neighbour", "doctor")),
    ]
    assert {w.change.alarm for w in room.written} == {"a1"}


def test_it_looks_and_sounds_as_the_rule_says_and_the_step() -> None:
    room = Room()
    room.hear(1, "help")
    (alarm,) = room.desk.open
    assert (alarm.light, alarm.buzzer, alarm.sounding) == ("fast", "beeps", True)
    room.hear(20)
    (alarm,) = room.desk.open
    assert (alarm.light, alarm.buzzer, alarm.sounding) == ("none", "none", False)
    room.hear(225)
    (alarm,) = room.desk.open
    assert (alarm.light, alarm.buzzer, alarm.step) == ("double", "long", 2)
    assert room.desk.sounding == alarm


def test_somebody_comes_and_it_is_over_at_once() -> None:
    room = Room()
    room.hear(5, "help")
    room.tell(room.desk.acknowledge(room.now, who="page: anna", note="had a dream"))
    last = room.written[-1].change
    assert (last.phase, last.who, last.note) == ("acknowledged", "page: anna", "had a dream")
    assert last.notify == ("anna",)
    assert room.desk.open == ()
    assert room.desk.sounding is None
    assert room.acknowledge() == []


def test_one_of_two_is_acknowledged() -> None:
    room = Room(RULE, PLAIN)
    room.hear(2, "help", "plain")
    assert [a.id for a in room.desk.open] == ["a1", "a2"]
    assert room.tell(room.desk.acknowledge(room.now, who="mqtt", alarm="a2")) == [
        (2.0, "plain acknowledged: acknowledged")
    ]
    assert [a.id for a in room.desk.open] == ["a1"]
    assert room.desk.acknowledge(room.now, who="mqtt", alarm="a2") == []


def test_the_most_severe_alarm_is_heard() -> None:
    room = Room(MILD, LOUD)
    room.hear(5, "mild")
    assert room.desk.sounding
    assert room.desk.sounding.rule == "mild"
    room.hear(5, "mild", "loud")
    assert room.desk.sounding.rule == "loud"


def test_the_cooldown_counts_from_the_alarm() -> None:
    room = Room(PLAIN)
    room.hear(5, "plain")
    room.acknowledge()
    room.hear(5)
    assert room.hear(400, "plain")[0] == (301.0, f"plain raised: {SAD.reason}")


def test_distress_that_nobody_could_end_at_once_does_not_call_again_at_once() -> None:
    room = Room(PLAIN)
    room.hear(290, "plain")
    room.acknowledge()
    assert room.hear(600, "plain")[0] == (590.0, f"plain raised: {SAD.reason}")


def test_distress_that_comes_back_after_somebody_came_calls_again() -> None:
    room = Room(PLAIN)
    room.hear(290, "plain")
    room.acknowledge()
    room.hear(20)
    assert room.hear(5, "plain") == [(311.0, f"plain raised: {SAD.reason}")]


def test_while_it_lasts_and_nobody_answers_all_are_called_again_after_each_cooldown() -> None:
    told = Room(PLAIN).hear(700, "plain")
    assert told == [
        (1.0, f"plain raised: {SAD.reason}"),
        (61.0, "plain quieted: sounded for 60 s"),
        (301.0, f"plain escalated: again: {SAD.reason}"),
        (361.0, "plain quieted: sounded for 60 s"),
        (601.0, f"plain escalated: again: {SAD.reason}"),
        (661.0, "plain quieted: sounded for 60 s"),
    ]


def test_a_reminder_takes_no_step_and_reaches_all_that_were_called() -> None:
    room = Room()
    room.hear(700, "help")
    reminder = next(w.change for w in room.written if w.change.reason.startswith(AGAIN))
    assert (reminder.step, reminder.notify) == (2, ("anna", "neighbour", "doctor"))


def test_a_rule_without_a_cooldown_or_a_sound_does_not_flood() -> None:
    quiet = replace(PLAIN, cooldown_s=0.0, light="none", buzzer="none")
    told = Room(quiet, step_s=0.1).hear(130, "plain")
    assert [round(at_s) for at_s, _ in told] == [0, 60, 120]


def test_quiet_hours_hold_back_and_what_lasts_calls_when_they_end() -> None:
    rule = replace(PLAIN, quiet_hours=("11:00-12:10",))
    room = Room(rule)
    assert room.hear(599, "plain") == []
    assert room.desk.obstacle("plain", room.now) == "quiet hours 11:00-12:10"
    assert room.hear(1, "plain") == [(600.0, f"plain raised: {SAD.reason}")]


def test_days_are_local() -> None:
    need("Pacific/Auckland" in available_timezones(), "the time zones of Debian's tzdata")
    friday = replace(PLAIN, days=("fri",))
    here = Room(friday)  # a Thursday
    assert here.hear(60, "plain") == []
    assert here.desk.obstacle("plain", here.now) == "not on thu"
    there = Room(friday, zone=ZoneInfo("Pacific/Auckland"))
    assert there.hear(1, "plain")


@pytest.mark.parametrize("day", EVERY_DAY)
def test_each_day_is_the_calendars(day: str) -> None:
    monday = datetime(2026, 11, 23, 12, tzinfo=UTC)
    began = monday + timedelta(days=EVERY_DAY.index(day))
    room = Room(replace(PLAIN, days=(day,)), began=began)
    assert room.hear(1, "plain")


@pytest.mark.parametrize(
    ("name", "evening", "slept_h"),
    [
        ("Europe/Berlin", "2026-03-28 23:00", 6.5),
        ("Europe/Berlin", "2026-10-24 23:00", 8.5),
        ("America/New_York", "2026-03-07 23:00", 6.5),
        ("America/New_York", "2026-10-31 23:00", 8.5),
        ("Australia/Lord_Howe", "2026-10-03 23:00", 7.0),
        ("America/Santiago", "2026-04-04 22:00", 9.5),
        ("Asia/Kolkata", "2026-03-28 23:00", 7.5),
    ],
)
def test_a_night_through_daylight_saving_ends_when_the_wall_says_so(
    name: str, evening: str, slept_h: float
) -> None:
    need(name in available_timezones(), "the time zones of Debian's tzdata")
    zone = ZoneInfo(name)
    rule = replace(PLAIN, quiet_hours=("22:00-06:30",), cooldown_s=300.0)
    began = datetime.fromisoformat(evening).replace(tzinfo=zone).astimezone(UTC)
    room = Room(rule, zone=zone, began=began, step_s=30.0)
    ((at_s, _), *_) = room.hear(10 * 3600, "plain")
    assert at_s == slept_h * 3600
    assert (room.written[0].at.wall.hour, room.written[0].at.wall.minute) == (6, 30)


def test_the_cooldown_is_as_long_in_the_night_that_is_longer() -> None:
    need("Europe/Berlin" in available_timezones(), "the time zones of Debian's tzdata")
    zone = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 10, 25, 2, 50, tzinfo=zone).astimezone(UTC)
    room = Room(replace(PLAIN, cooldown_s=1800.0, open_s=60.0), zone=zone, began=before)
    told = room.hear(3600, "plain")
    assert [at_s for at_s, what in told if "raised" in what] == [1.0, 1801.0]


def test_a_snooze_silences_holds_back_and_pauses_the_escalation() -> None:
    room = Room()
    room.hear(100, "help")
    assert room.snooze(900) == []  # it had sounded its time
    assert room.desk.snoozed_until == NOON + timedelta(seconds=1000)
    assert room.hear(900, "help") == [
        (1000.0, f"help escalated: again: {SAD.reason}"),
    ]
    assert room.desk.snoozed_until is None
    assert room.hear(60, "help")[0] == (
        1021.0,
        f"help escalated: nobody answered for 120 s: {SAD.reason}",
    )


def test_a_snooze_silences_what_sounds_and_says_who_did_it() -> None:
    room = Room()
    room.hear(10, "help")
    assert room.snooze(60) == [(10.0, "help quieted: snoozed")]
    assert room.written[-1].change.who == "button"
    assert room.desk.obstacle("help", room.now) == "snoozed until 12:01"


def test_a_snooze_may_be_ended_before_its_time() -> None:
    room = Room(PLAIN)
    room.snooze(900)
    assert room.hear(10, "plain") == []
    assert room.desk.end_snooze(room.now, who="page: anna") == []
    assert room.hear(1, "plain") == [(11.0, f"plain raised: {SAD.reason}")]


def test_a_snooze_lasts_as_long_as_it_was_asked_for_whatever_the_wall_says() -> None:
    room = Room(PLAIN)
    room.snooze(900)
    room.hear(1)
    room.set_clock(7200)
    assert room.hear(898, "plain") == []
    assert room.desk.snoozed_until == NOON + timedelta(seconds=900 + 7200)
    assert room.hear(1, "plain") == [(900.0, f"plain raised: {SAD.reason}")]


def test_troubles_are_not_snoozed() -> None:
    room = Room()
    room.snooze(900)
    assert room.hear(1, "trouble: deaf")
    assert room.desk.sounding
    assert room.snooze(900) == []
    assert room.desk.sounding


def test_a_trouble_ends_when_it_is_mended() -> None:
    room = Room()
    muffled = CauseNow(reason="the microphone is gone")
    assert room.hear(100, "trouble: deaf", cause=muffled) == [
        (1.0, "trouble: deaf raised: the microphone is gone"),
        (61.0, "trouble: deaf quieted: sounded for 60 s"),
    ]
    assert room.hear(100) == [(101.0, "trouble: deaf ended: mended")]
    assert room.hear(500, "trouble: deaf")[0][0] == 601.0


def test_an_acknowledged_trouble_is_silent_until_it_is_mended() -> None:
    room = Room()
    room.hear(10, "trouble: deaf")
    room.acknowledge()
    assert room.hear(7200, "trouble: deaf") == []
    assert room.desk.obstacle(DEAF.name, room.now) == "acknowledged, and not mended since"
    assert room.hear(10) == []
    assert room.hear(1, "trouble: deaf")


def test_an_alarm_whose_rule_is_gone_ends() -> None:
    room = Room(RULE, PLAIN)
    room.hear(10, "help", "plain")
    room.desk.replace_rules([PLAIN])
    assert room.hear(1, "help", "plain") == [(11.0, "help ended: rule removed")]
    assert room.written[-1].change.notify == ("anna",)
    assert [alarm.rule for alarm in room.desk.open] == ["plain"]


def test_new_settings_hold_for_open_alarms_too() -> None:
    room = Room(PLAIN)
    room.hear(10, "plain")
    room.desk.replace_rules([replace(PLAIN, sound_s=20.0, open_s=30.0)])
    assert room.hear(30, "plain") == [
        (21.0, "plain quieted: sounded for 20 s"),
        (31.0, "plain ended: nobody answered"),
    ]


def test_after_a_restart_what_sounded_sounds_again_though_its_cause_is_forgotten() -> None:
    room = Room(PLAIN)
    room.hear(50, "plain")
    room.restart()
    assert room.hear(100) == [(110.0 + 1.0, "plain quieted: sounded for 60 s")]


def test_after_a_restart_what_was_silent_is_silent_and_open() -> None:
    room = Room(PLAIN)
    room.hear(100, "plain")
    room.restart()
    assert room.hear(3000) == []
    assert [alarm.sounding for alarm in room.desk.open] == [False]
    assert room.hear(1000) == [(3601.0, "plain ended: nobody answered")]


def test_after_a_restart_the_escalation_goes_on() -> None:
    room = Room()
    room.hear(130, "help")
    room.restart()
    assert room.hear(120)[-1] == (241.0, f"help escalated: nobody answered for 240 s: {SAD.reason}")
    assert room.desk.open[0].told == ("anna", "neighbour", "doctor")


def test_after_a_restart_a_trouble_has_time_to_be_noticed_again() -> None:
    room = Room()
    room.hear(10, "trouble: deaf")
    room.restart()
    assert room.hear(SETTLING_S - 1) == [(71.0, "trouble: deaf quieted: sounded for 60 s")]
    room.hear(60, "trouble: deaf")
    assert room.hear(1)[0][1] == "trouble: deaf ended: mended"


def test_after_a_restart_an_acknowledged_trouble_stays_silent() -> None:
    room = Room()
    room.hear(10, "trouble: deaf")
    room.acknowledge()
    room.restart()
    room.hear(60)
    assert room.hear(7200, "trouble: deaf") == []


def test_a_state_that_was_handed_on_is_the_state() -> None:
    room = Room(RULE, PLAIN)
    room.hear(130, "help", "plain", DEAF.name)
    room.tell(room.desk.acknowledge(room.now, who="x", alarm=room.desk.open[-1].id))
    room.snooze(100)
    state = room.desk.state
    other = Room(RULE, PLAIN)
    other.desk = other._new_desk(state)
    assert other.desk.state == replace(
        state,
        open=tuple(replace(a, sounding=False, light="none", buzzer="none") for a in state.open),
    )
    assert state.answered == {DEAF.name}
    assert set(state.called) == {"help", "plain", DEAF.name}
    assert state.snoozed_until == room.desk._snoozed
