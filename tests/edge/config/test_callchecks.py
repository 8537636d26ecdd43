"""Faults in how somebody is called, each beside its key, in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config.load import FaultyConfigError, load_config
from edge.config.places import Places
from edge.config.settings import Config, TroubleConfig
from edge.decide.alarms import TroubleRule

RULE = "[[alert]]\nname = 'a'\n"
ANNA = "[[channel]]\nname = 'anna'\nurl_file = 'anna'\n"


def load(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text)
    return load_config(
        file=file, places=Places(environ={}, is_system=False, root=folder, home=folder)
    ).config


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(FaultyConfigError) as caught:
        load(folder, text)
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            RULE + "quiet_hours = ['12:00-13:00', '22-6']",
            "alert[0].quiet_hours[1]: '22-6' is no time of the day; write it like '22:00-06:30'",
        ),
        (
            "[trouble]\nquiet_hours = ['25:00-06:30']",
            "trouble.quiet_hours[0]: '25:00-06:30' is no time of the day; write it like '22:00",
        ),
        (
            RULE + "quiet_hours = ['07:00-07:00']",
            "alert[0].quiet_hours[0]: '07:00-07:00' begins when it ends; for the whole day write",
        ),
        (RULE + "quiet_hours = [7]", "alert[0].quiet_hours[0]: expected a text, found 7"),
        (RULE + "days = ['monday']", "alert[0].days[0]: 'monday' is not possible, did you mean"),
        (
            RULE + "notify = ['ana']\n" + ANNA,
            "alert[0].notify[0]: no channel is called 'ana', did you mean 'anna'?",
        ),
        (
            RULE + "notify = ['mqtt']",
            "alert[0].notify[0]: there is no broker; set host in [mqtt], or leave 'mqtt' out",
        ),
        (
            RULE + "escalate = [{ after_s = 60, notify = ['otto'] }]",
            "alert[0].escalate[0].notify[0]: no channel is called 'otto', known are: all",
        ),
        ("[trouble]\nnotify = ['otto']", "trouble.notify[0]: no channel is called 'otto'"),
        (
            RULE + "escalate = [{ after_s = 60 }, { after_s = 60 }]",
            "alert[0].escalate[1].after_s: 60 is not above 60 of the step before; put",
        ),
        (
            RULE + "open_s = 100\nescalate = [{ after_s = 100 }]",
            "alert[0].escalate[0].after_s: 100 is too late: the alarm ends after open_s 100",
        ),
        (
            RULE + "light = false",
            "alert[0].light: false is no pattern; write 'none' for what it meant",
        ),
        (
            RULE + "escalate = [{ after_s = 60, buzzer = true }]",
            "alert[0].escalate[0].buzzer: true is no pattern; write 'beeps' for what it meant",
        ),
        ("[trouble]\nlight = true", "trouble.light: true is no pattern; write 'fast'"),
        (
            "[[alert]]\nname = 'trouble: x'",
            "alert[0].name: 'trouble: x' begins as the program's own troubles do",
        ),
        (
            "[[channel]]\nname = 'mqtt'\nurl_file = 'x'",
            "channel[0].name: 'mqtt' has a meaning of its own in notify; choose another name",
        ),
        (RULE + "escalate = [{ after_s = 'soon' }]", "alert[0].escalate[0].after_s: expected a"),
        ("alert = 3", "alert: expected a list, found 3"),
        ("channel = [3]", "channel[0]: expected a table, found 3"),
    ],
)
def test_a_fault(tmp_path: Path, text: str, expected: str) -> None:
    (found,) = faults(tmp_path, text)
    assert found.startswith(expected)


def test_everybody_that_may_be_called(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        RULE
        + "notify = ['mqtt', 'anna', 'all']\nquiet_hours = ['00:00-24:00', '22:00-06:30']\n"
        + "escalate = [{ after_s = 60 }, { after_s = 61, notify = ['anna'] }]\n"
        + "[mqtt]\nhost = 'broker'\n"
        + ANNA,
    )
    assert [step.after_s for step in config.alert[0].escalate] == [60.0, 61.0]


def test_each_trouble_that_is_wanted_has_a_rule() -> None:
    names = [rule.name for rule in TroubleConfig().rules]
    kinds = ["deaf", "disk", "temperature", "model", "clock", "log"]
    assert names == [f"trouble: {kind}" for kind in kinds]
    none = TroubleConfig(
        deaf_s=None,
        least_disk_mb=None,
        most_temperature_c=None,
        model=False,
        clock_s=None,
        log=True,
        cooldown_s=60.0,
        severity="notice",
        light="slow",
        notify=("anna",),
    )
    assert none.rules == (
        TroubleRule(
            name="trouble: log",
            cooldown_s=60.0,
            severity="notice",
            light="slow",
            notify=("anna",),
        ),
    )
