"""The verbs that answer alarms and close the microphone, asked of the real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli import main
from edge.config.places import Places
from edge.service.protocol import Acknowledge, EndSnooze, Mute, Snooze, Unmute
from edge.service.status import status_file, write_status
from tests.fakes.ears import FakeEars, alarm
from tests.fakes.service import status

FIRST, SECOND = "aa11" + 28 * "0", "ab22" + 28 * "0"


@pytest.fixture(autouse=True)
def no_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the service that may run on this very machine."""
    places = replace(Places.here(), root=tmp_path)
    monkeypatch.setattr(Places, "here", lambda: places)
    monkeypatch.setenv("SUDO_USER", "anna")


@pytest.fixture
def ears() -> Iterator[FakeEars]:
    alarms = (alarm(FIRST), alarm(SECOND, rule="trouble: disk", sounding=False))
    with FakeEars(status=status(alarms=alarms, alarm="distress")) as listening:
        write_status(status_file(Places.here()), listening.status)
        yield listening


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(list(words)) == code
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [["alarms"], ["alarms", "ack"], ["alarms", "snooze"], ["alarms", "end-snooze"], ["mute"],
     ["unmute"]],
    ids=" ".join,
)  # fmt: skip
def test_where_nothing_runs_a_sentence_says_so(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 69
    told = capsys.readouterr()
    assert told.out == ""
    assert "start it with `sudo systemctl start ser-edge`" in told.err
    assert told.err.count("\n") == 1


def test_open_alarms_are_listed(ears: FakeEars, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "alarms").splitlines()
    assert lines[0].startswith("aa110000  2026-11-26 ")
    assert lines[0].endswith("distress (urgent, sounding): distress for 8 s of the last 20 s")
    assert "trouble: disk (urgent): " in lines[1]
    assert len(lines) == 2
    table = json.loads(said(capsys, "alarms", "--json"))
    assert [each["id"] for each in table["alarms"]] == [FIRST, SECOND]


def test_what_keeps_alarms_away_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = status(health="muted", snoozed_until="2026-11-26T14:03:00+00:00")
    write_status(status_file(Places.here()), quiet)
    text = said(capsys, "alarms")
    assert text.startswith("no alarm is open\nsnoozed until 2026-11-26 ")
    assert text.endswith("nothing is heard: muted\n")


def test_all_alarms_are_acknowledged(ears: FakeEars, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "alarms", "ack") == "2 alarms are acknowledged\n"
    assert ears.commands == [Acknowledge(who="command line: anna")]
    assert said(capsys, "alarms", "ack") == "no alarm was open\n"


def test_one_alarm_is_named_by_its_head(ears: FakeEars, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "alarms", "ack", "ab", "--note", "the radio") == (
        "one alarm is acknowledged\n"
    )
    assert ears.commands == [Acknowledge(who="command line: anna", note="the radio", alarm=SECOND)]


def test_an_unclear_head_is_for_the_ears_to_refuse(
    ears: FakeEars, capsys: pytest.CaptureFixture[str]
) -> None:
    ears.refusal = "there is no open alarm 'a'"
    assert main(["alarms", "ack", "a"]) == 65
    assert capsys.readouterr().err == "ser-edge: there is no open alarm 'a'\n"
    assert ears.commands == [Acknowledge(who="command line: anna", alarm="a")]


@pytest.mark.parametrize(
    ("duration", "for_s"), [(["30m"], 1800.0), (["2h"], 7200.0), (["90s"], 90.0), ([], None)]
)
def test_a_snooze_is_as_long_as_it_is_said(
    ears: FakeEars, duration: list[str], for_s: float | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if for_s is None:
        table = json.loads(said(capsys, "alarms", "snooze", "--json", *duration))
        assert table["ok"]
    else:
        assert "no rule raises an alarm until 20" in said(capsys, "alarms", "snooze", *duration)
    assert ears.commands == [Snooze(who="command line: anna", for_s=for_s)]
    said(capsys, "alarms", "end-snooze")
    assert ears.commands[1:] == [EndSnooze(who="command line: anna")]


@pytest.mark.parametrize("duration", ["", "30", "0s", "1d", "25h", "5 m", "1e3s", "99999999m"])
def test_what_is_no_duration_is_refused(duration: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["alarms", "snooze", duration])
    assert ended.value.code == 2
    assert "expected" in capsys.readouterr().err


def test_mute_and_unmute(ears: FakeEars, capsys: pytest.CaptureFixture[str]) -> None:
    assert "the microphone is closed" in said(capsys, "mute")
    assert json.loads(said(capsys, "unmute", "--json"))["ok"]
    assert ears.commands == [Mute(who="command line: anna"), Unmute(who="command line: anna")]
