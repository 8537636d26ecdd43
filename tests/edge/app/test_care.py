"""The caregiver's side of the running program: real socket, real log, a microphone of our own."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import soundfile

from edge.app import sources
from edge.config.places import Places
from edge.decide import desk
from edge.errors import NoInputError, NotListeningError, RefusedError
from edge.record.outbox import Message, Outbox
from edge.record.query import ActionRow, AlertRow, FeedbackRow, NoteRow
from edge.service.commands import Ears
from edge.service.gauges import Reading
from edge.service.protocol import Acknowledge, socket_file
from edge.service.role import Role
from edge.service.status import Status
from tests.edge.app.test_listening import Microphone, Room, Run, rows, wait_for
from tests.edge.service.test_control import hears
from tests.fakes.sound import sample

RULE = """\
[[alert]]
name = "any"
when = ["activated", "distress"]
confidence = 0.0
hold_s = 0.5
within_s = 20.0
sound_s = 3600.0
cooldown_s = 0.0
"""
CHANNEL = """\
[[channel]]
name = "family"
url_file = "secrets/family"
events = ["raised", "acknowledged", "ended"]
"""
CONFIG = f"""\
[panel]
kind = "none"
[room]
name = "kitchen"
[gate]
non_voice_veto = 1.0
{RULE}{CHANNEL}"""


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    made = Room()
    monkeypatch.setattr(sources, "PyAudioMicrophone", made.microphone)
    monkeypatch.setattr(Microphone, "speed", 4.0)
    return made


@pytest.fixture
def begin(room: Room, tmp_path: Path) -> Iterator[Callable[[], Run]]:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    begun: list[Run] = []

    def run() -> Run:
        begun.append(Run(config))
        return begun[-1]

    yield run
    for each in begun:
        each.stop()


def log() -> Path:
    return Places.here().state_directory() / "log.db"


def messages(channel: str) -> list[Message]:
    """What waits to be delivered."""
    with closing(Outbox(log())) as outbox:
        return [stored.message for stored in outbox.due(channel)]


def ears() -> Ears:
    return Ears(Places.here(), answer_s=60)


def phases(alarm: str | None = None) -> list[str]:
    return [row.phase for row in rows(log(), AlertRow) if alarm in {None, row.alarm}]


def sounding(status: Status) -> object:
    return status.alarm == "any"


def test_an_alarm_is_written_told_shown_and_answered(begin: Callable[[], Run]) -> None:
    run = begin()
    (alarm,) = run.status(sounding).alarms
    assert (alarm.rule, alarm.severity, alarm.sounding) == ("any", "urgent", True)
    shown = next(signal for signal in run.view.signals if signal.alarm)
    assert (shown.light, shown.buzzer) == ("fast", "beeps")
    (message,) = messages("family")
    assert (message.alarm, message.room) == (alarm.id, "kitchen")
    answer = ears().acknowledge(who="page: anna", note="all is well", alarm=alarm.id)
    assert answer.alarms == (alarm.id,)
    assert not answer.warning
    assert phases(alarm.id) == ["raised", "acknowledged"]  # written before it was answered
    (row,) = (row for row in rows(log(), AlertRow) if row.phase == "acknowledged")
    assert (row.who, row.note) == ("page: anna", "all is well")
    assert [message.phase for message in messages("family")][:2] == ["raised", "acknowledged"]
    with pytest.raises(RefusedError, match="no open alarm"):
        ears().acknowledge(who="page: tom", alarm=alarm.id)
    ears().feedback(
        who="page: anna", heard_at=alarm.raised, verdict="wrong", truth="calm", alarm=alarm.id
    )
    assert [(row.verdict, row.alarm) for row in rows(log(), FeedbackRow)] == [("wrong", alarm.id)]


def test_an_alarm_and_a_snooze_outlive_a_restart_and_the_alarm_sounds_again(
    begin: Callable[[], Run],
) -> None:
    run = begin()
    (alarm,) = run.status(sounding).alarms
    run.stop()
    again = begin()
    wait_for(lambda: again.view.signals)
    assert again.status(sounding).alarms[0].id == alarm.id
    until = ears().snooze(who="button", for_s=3600).until
    status = again.status(lambda s: s.snoozed_until)
    assert (status.snoozed_until, status.alarm) == (until, None)
    again.stop()
    third = begin()
    (still,) = third.status(lambda s: s.snoozed_until and s.health == "listening").alarms
    assert (still.id, still.sounding) == (alarm.id, False)
    ears().end_snooze(who="page: anna")
    assert third.status(lambda s: s.snoozed_until is None).alarms
    assert [row.action for row in rows(log(), ActionRow)] == ["snoozed", "snooze ended"]
    assert phases().count("raised") == 1


def test_a_rule_that_is_removed_ends_its_alarm_and_other_settings_do_not(
    begin: Callable[[], Run],
) -> None:
    run = begin()
    (alarm,) = run.status(sounding).alarms
    run.reload(f"{CONFIG}[decision]\nenter_confidence = 0.5\n")
    assert [each.id for each in run.status(sounding).alarms] == [alarm.id]
    run.reload(f"alert = []\n{CONFIG}".replace(RULE, ""))
    run.status(lambda s: not s.alarms)
    ended = rows(log(), AlertRow)[-1]
    assert (ended.alarm, ended.phase, ended.reason) == (alarm.id, "ended", "rule removed")


def test_mute_closes_the_microphone_also_over_a_restart(
    begin: Callable[[], Run], room: Room
) -> None:
    run = begin()
    run.status(lambda s: s.state != "no_speech" and s.alarm)
    ears().mute(who="mqtt")
    assert room.closed == ["default"]
    status = run.status(lambda s: s.health == "muted")
    assert (status.state, status.speaking, status.level_dbfs) == ("no_speech", False, -120.0)
    assert status.alarm is None  # it waits for its answer, but what it tells of is over
    assert status.alarms
    run.reload(f"{CONFIG}[audio]\ndevice = 'USB'\n")
    assert room.opened == [""]
    run.stop()
    again = begin()
    again.status(lambda s: s.health == "muted" and s.updated_monotonic_s > status.age_s)
    assert not again.status(lambda s: s.health == "muted").trouble
    assert room.opened == [""]  # never, not even for a moment
    ears().unmute(who="page: anna")
    heard = again.status(lambda s: s.health == "listening")
    assert room.opened == ["", "USB"]
    assert heard.n_lost == 0
    deeds = [(row.action, row.who) for row in rows(log(), ActionRow)]
    assert deeds == [("muted", "mqtt"), ("unmuted", "page: anna")]


def test_an_alarm_sounds_though_the_log_cannot_be_written_and_is_told_later(
    begin: Callable[[], Run],
) -> None:
    run = begin()
    run.status(lambda s: s.health == "listening")
    wait_for(log().exists)
    with closing(sqlite3.connect(log(), timeout=60, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        status = run.status(sounding)
        answer = ears().acknowledge(who="page: anna")
        assert answer.alarms == (status.alarms[0].id,)
        assert "it is done, but not in the log yet" in answer.warning
        other.execute("ROLLBACK")
    wait_for(lambda: "acknowledged" in phases(answer.alarms[0]))
    told = [message.phase for message in messages("family")]
    assert told[:2] == ["raised", "acknowledged"]


def test_a_trouble_of_its_own_calls_and_is_mended_and_a_snooze_is_no_matter(
    begin: Callable[[], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "SETTLING_S", 0.0)  # it would wait for troubles from before a restart
    run = begin()
    until = ears().snooze(who="button").until
    assert until is not None
    assert datetime.fromisoformat(until) > datetime.now(UTC) + timedelta(minutes=14)
    run.listening._care._gauges.reading = Reading(free_mb=1.0)
    (alarm,) = run.status(lambda s: s.alarms).alarms
    assert (alarm.rule, alarm.severity) == ("trouble: disk", "warning")
    assert "the disk of the log has 1 MB left" in alarm.reason
    assert run.view.signals[-1].light == "none"
    run.listening._care._gauges.reading = Reading(free_mb=10_000.0)
    run.status(lambda s: not s.alarms)
    told = [(message.rule, message.phase) for message in messages("family")]
    assert told == [("trouble: disk", "raised"), ("trouble: disk", "ended")]


def test_what_is_heard_is_watched_live(begin: Callable[[], Run]) -> None:
    begin()
    stop = threading.Event()
    told = ears().watch(stop)
    assert hears(told, lambda status: status and status.probabilities)
    assert hears(told, lambda status: status and status.alarm == "any" and status.newest_message)
    stop.set()


def test_a_recording_cannot_be_muted_and_ignores_the_mark(tmp_path: Path) -> None:
    state = Places.here().state_directory()
    state.mkdir(parents=True)
    (state / "muted").write_text("")
    (tmp_path / "config.toml").write_text(CONFIG)
    soundfile.write(tmp_path / "voice.wav", sample(), 16000)
    run = Run(tmp_path / "config.toml", source=str(tmp_path / "voice.wav"))
    run.status(lambda s: s.health == "listening")
    with pytest.raises(RefusedError, match="a recording is played here"):
        ears().mute(who="anna")
    run.stop()
    assert (state / "muted").exists()


def test_a_run_that_cannot_begin_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    before = {thread.name for thread in threading.enumerate()}
    with pytest.raises(NoInputError):
        Run(tmp_path / "config.toml", source=str(tmp_path / "nothing.wav"))
    assert {thread.name for thread in threading.enumerate()} <= before
    assert not socket_file(Places.here()).exists()
    assert not any(str(log()) in str(each.resolve()) for each in Path("/proc/self/fd").iterdir())


def test_another_run_answers_nobody_tells_nobody_and_follows_the_mark(
    begin: Callable[[], Run], room: Room
) -> None:
    service = Role(Places.here().runtime_directory())
    run = begin()
    wait_for(lambda: any(signal.alarm for signal in run.view.signals))
    with pytest.raises(NotListeningError):
        ears().acknowledge(who="anna")
    assert not messages("family")
    assert rows(log(), NoteRow)
    assert not rows(log(), AlertRow)  # the service would find them open at its next start
    (Places.here().state_directory() / "muted").write_text("")
    wait_for(lambda: room.closed == ["default"])
    run.stop()
    service.leave()


def test_the_button_answers_too(begin: Callable[[], Run], room: Room) -> None:
    run = begin()
    run.status(sounding)
    press = run.listening._care.orders.press
    press("short")
    wait_for(lambda: "acknowledged" in phases())
    press("long")
    wait_for(lambda: room.closed)
    press("long")
    wait_for(lambda: len(room.opened) == 2)
    press("double")
    assert run.status(lambda s: s.snoozed_until)
    assert {row.who for row in rows(log(), ActionRow)} == {"button"}


def test_a_socket_that_cannot_be_is_a_trouble_and_no_more(
    begin: Callable[[], Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deep = tmp_path / ("x" * 100)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(deep))
    status = begin().status(lambda s: s.health == "listening")
    assert "nobody can give commands" in status.trouble[0]
    assert Acknowledge(who="anna")
