from __future__ import annotations

import json

from edge.notify.states import Changes, states
from tests.fakes.ears import alarm
from tests.fakes.service import status


class Time:
    now_s = 100.0

    def __call__(self):
        return self.now_s


def test_ears_that_are_away_say_nothing_but_that():
    assert states(None) == {"ears": "offline", "health": "not running"}


def test_each_thing_has_a_topic_of_its_own():
    shown = states(status(state="sad", confidence=0.714, level_dbfs=-31.4))

    assert shown["ears"] == "online"
    assert (shown["emotion"], shown["confidence"], shown["level"]) == ("sad", "71", "-31")
    assert (shown["health"], shown["mute"], shown["model"]) == ("listening", "OFF", "room 1")
    assert (shown["alarm"], shown["trouble"]) == ("OFF", "OFF")


def test_an_alarm_is_on_until_nobody_waits_for_an_answer():
    quiet = alarm(sounding=False)

    shown = states(status(alarms=(quiet,)))

    assert shown["alarm"] == "ON"
    known = json.loads(shown["alarm/attributes"])
    assert (known["rule"], known["severity"], known["since"]) == (
        "distress",
        "urgent",
        "2026-11-26T14:03:00.000+01:00",
    )
    assert not known["sounding"]


def test_of_several_alarms_the_worst_one_and_the_newest_of_those_is_shown():
    several = (
        alarm("a", severity="urgent"),
        alarm("b", severity="urgent"),
        alarm("c", severity="notice"),
    )

    known = json.loads(states(status(alarms=several))["alarm/attributes"])

    assert (known["alarm"], known["open"]) == ("b", 3)


def test_the_programs_own_trouble_is_no_alarm_of_the_room():
    trouble = alarm(rule="trouble: deaf", severity="warning")

    shown = states(status(health="deaf", fault="No microphone.", alarms=(trouble,)))

    assert (shown["alarm"], shown["trouble"], shown["health"]) == ("OFF", "ON", "deaf")
    assert json.loads(shown["trouble/attributes"]) == {"sentences": ["No microphone."]}


def test_a_muted_microphone_and_a_snooze_show():
    shown = states(status(health="muted", snoozed_until="2026-11-26T15:00:00+01:00"))

    assert (shown["mute"], shown["snoozed_until"]) == ("ON", "2026-11-26T15:00:00+01:00")


def test_only_what_has_changed_is_told():
    changes = Changes(Time())
    changes.take(states(status()))

    assert changes.take(states(status())) == {}
    assert changes.take(states(status(health="muted"))) == {"health": "muted", "mute": "ON"}


def test_the_level_is_told_now_and_then_and_only_if_it_differs():
    time = Time()
    changes = Changes(time)
    changes.take(states(status(level_dbfs=-31.0)))

    assert changes.take(states(status(level_dbfs=-20.0))) == {}
    time.now_s += 5
    assert changes.take(states(status(level_dbfs=-31.4))) == {}
    assert changes.take(states(status(level_dbfs=-20.0))) == {"level": "-20"}


def test_a_new_emotion_brings_its_confidence_at_once():
    changes = Changes(Time())
    changes.take(states(status(state="sad", confidence=0.7)))

    assert changes.take(states(status(state="sad", confidence=0.9))) == {}
    told = changes.take(states(status(state="angry", confidence=0.6)))
    assert told == {"emotion": "angry", "confidence": "60"}


def test_a_broker_that_has_forgotten_is_told_everything():
    changes = Changes(Time())
    everything = changes.take(states(status()))
    changes.forget()

    assert changes.take(states(status())) == everything
