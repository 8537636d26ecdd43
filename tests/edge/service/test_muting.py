"""Mute: the mark that outlives everything, and the switch that obeys it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.app.examination import Examination
from edge.config.places import Places
from edge.errors import AudioDeviceError
from edge.record.care import Action
from edge.service.checks import sound
from edge.service.happenings import Happening
from edge.service.muting import MutedSource, MuteMark, MuteSwitch, refuse_while_muted
from tests.fakes.alarms import Wall


class Room:
    """What the switch moves."""

    def __init__(self, folder: Path) -> None:
        self.done: list[str] = []
        self.mark = MuteMark(folder)
        self.switch = MuteSwitch(
            self.mark,
            clock=Wall(),
            shut=self._shut,
            listen=lambda: self.done.append("opened"),
            is_muted=self.mark.is_set,
        )

    def _shut(self) -> list[Happening]:
        assert not self.switch.is_muted
        self.done.append("closed")
        return []


def test_the_mark_says_who_and_since_when_and_is_there_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    room = Room(folder)
    assert not room.switch.is_muted
    answer, happenings = room.switch.mute(who="page: anna")
    assert (answer.ok, answer.warning) == (True, "")
    assert happenings == [Action(action="muted", who="page: anna")]
    assert json.loads((folder / "muted").read_text()) == {
        "who": "page: anna",
        "since": "2026-11-26T12:00:00.000+00:00",
    }
    assert [file.name for file in folder.iterdir()] == ["muted"]
    again = Room(folder)
    assert again.switch.is_muted
    _, happenings = again.switch.unmute(who="button")
    assert happenings == [Action(action="unmuted", who="button")]
    assert (room.done, again.done) == (["closed"], ["opened"])
    assert not MuteMark(folder).is_set


def test_what_is_so_already_is_not_done_again(tmp_path: Path) -> None:
    room = Room(tmp_path)
    assert room.switch.unmute(who="anna")[1] == ()
    room.switch.mute(who="anna")
    assert room.switch.mute(who="tom")[1] == ()
    assert room.done == ["closed"]


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"not json"])
def test_whatever_stands_in_the_mark_it_is_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "muted").write_bytes(content)
    assert MuteMark(tmp_path).is_set


def test_a_mark_that_leads_nowhere_or_cannot_be_looked_at_is_one(tmp_path: Path) -> None:
    (tmp_path / "muted").symlink_to(tmp_path / "nowhere")
    assert MuteMark(tmp_path).is_set
    (tmp_path / "file").write_text("")
    assert MuteMark(tmp_path / "file").is_set


def test_a_room_is_muted_even_where_the_mark_cannot_be_written(tmp_path: Path) -> None:
    room = Room(tmp_path)
    (tmp_path / ".muted.new").mkdir()  # nobody can write there
    answer, happenings = room.switch.mute(who="anna")
    assert answer.ok
    assert answer.warning.startswith("the microphone is closed, but it will be opened again at")
    assert room.done == ["closed"]
    assert happenings
    assert room.switch.is_muted


def test_a_room_is_heard_again_even_where_the_mark_cannot_be_removed(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.switch.mute(who="anna")
    (tmp_path / "muted").unlink()
    (tmp_path / "muted").mkdir()
    answer, _ = room.switch.unmute(who="anna")
    assert answer.warning.startswith("the microphone is opened, but it will be muted at the next")
    assert room.done == ["closed", "opened"]


def test_another_process_follows_the_mark(tmp_path: Path) -> None:
    room, other = Room(tmp_path), Room(tmp_path)
    other.switch.follow_mark()
    room.switch.mute(who="anna")
    other.switch.follow_mark()
    other.switch.follow_mark()
    assert other.switch.is_muted
    room.switch.unmute(who="anna")
    other.switch.follow_mark()
    assert other.done == ["closed", "opened"]


def test_a_muted_source_waits_and_gives_nothing() -> None:
    slept: list[float] = []
    source = MutedSource(sleep=slept.append)
    assert source.read(timeout_s=0.25) is None
    assert (slept, source.fault) == ([0.25], None)
    source.close()


def test_no_other_program_of_ours_opens_it_meanwhile(tmp_path: Path) -> None:
    places = Places.here()
    refuse_while_muted(places)
    MuteMark(places.state_directory()).set(who="anna", since="")
    with pytest.raises(AudioDeviceError, match="the microphone is muted; `ser-edge unmute`"):
        refuse_while_muted(places)


def test_not_even_the_doctor_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(sound, "PyAudioMicrophone", refuse)
    examined = Examination.of(None)
    MuteMark(examined.places.state_directory()).set(who="anna", since="")
    finding = next(each for each in examined.findings() if each.name == "microphone")
    assert (finding.verdict, finding.remedy) == ("ok", "")
    assert "it is muted, and was not opened" in finding.found
