"""The wires of the panel, on gpiozero's mock pins."""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

import pytest

from edge.app import paneltest
from edge.cli import main
from edge.config.settings import PanelConfig
from edge.contract.labels import EMOTIONS
from edge.devices.presses import Press
from edge.errors import SignalDeviceError
from edge.service.status import write_status
from tests.fakes.panel import MockBoard
from tests.fakes.service import status

gpiozero = pytest.importorskip("gpiozero")

USUAL = PanelConfig()
OUTPUTS = [*USUAL.leds.values(), USUAL.status_pin, USUAL.listening_pin, USUAL.buzzer_pin]


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> MockBoard:
    made = MockBoard.new()
    for pin in OUTPUTS:
        made.pin(pin)
    monkeypatch.setattr(paneltest, "open_pins", lambda: made.factory)
    monkeypatch.setattr("edge.cli.panel._BUTTON_S", 0.01)
    return made


def run(tmp_path: Path, *argv: str, panel: str = "") -> int:
    config = tmp_path / "config.toml"
    config.write_text(f"[panel]\n{panel}\n")
    return main(["panel", *argv, "--config", str(config)])


def test_each_part_is_on_alone_and_named_with_its_pin(
    board: MockBoard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    together: list[set[int]] = []

    def light(part: paneltest.Part, factory: object, *, seconds: float) -> None:
        def look(_: float) -> None:
            together.append({pin for pin in OUTPUTS if board.pin(pin).state})

        paneltest_light(part, factory, seconds=seconds, sleep=look)

    paneltest_light = paneltest.light
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paneltest, "light", light)
        assert run(tmp_path, "test") == 0
    assert [pins for pins in together[:10] if len(pins) != 1] == []
    assert [next(iter(pins)) for pins in together[:10]] == OUTPUTS[:10]
    assert together[10] <= {USUAL.buzzer_pin}  # it beeps in a thread of its own
    assert set(board.states(OUTPUTS)) == {0.0}
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[5] for row in rows[:8]] == list(EMOTIONS)
    assert rows[0].split()[:5] == ["GPIO", "17,", "pin", "11", "LED"]
    assert "nobody pressed it" in rows[11]


def test_the_buzzer_sounds_for_a_moment(board: MockBoard, tmp_path: Path) -> None:
    assert run(tmp_path, "test", "--seconds", "0.3") == 0
    assert 1.0 in board.history(USUAL.buzzer_pin or 0)
    assert board.states(OUTPUTS)[-1] == 0.0


def test_the_button_is_waited_for(board: MockBoard) -> None:
    part = next(p for p in paneltest.parts(USUAL) if p.name == "button")
    pin = board.pin(part.pin)
    timer = threading.Timer(0.2, pin.drive_low)
    timer.start()
    assert paneltest.first_press(part, board.factory, seconds=20.0) == "long"
    timer.join()
    pin.drive_high()
    assert paneltest.first_press(part, board.factory, seconds=0.01) is None


@pytest.mark.parametrize(
    ("presses", "answers"),
    [
        (["short", "double", "long"], ["a short press", "a double press", "a long press"]),
        (["short", "short", "long"], ["a short press", "a short press INSTEAD", "a long press"]),
        (["short", None], ["a short press", "nobody pressed it"]),
    ],
)
def test_each_kind_of_press_is_asked_for(
    board: MockBoard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    presses: list[Press | None],
    answers: list[str],
) -> None:
    coming = iter(presses)
    monkeypatch.setattr(paneltest, "first_press", lambda *_, **__: next(coming))
    assert run(tmp_path, "test", "--seconds", "0.01") == 0
    rows = capsys.readouterr().out.splitlines()[11:-1]
    asked = ["press it once", "press it twice quickly", "hold it for two seconds"]
    assert [row[32:] for row in rows] == [
        f"{words} within 0 s ... {answer}"
        for words, answer in zip(asked[: len(answers)], answers, strict=True)
    ]


def test_rgb_is_tried_colour_by_colour() -> None:
    names = [part.name for part in paneltest.parts(PanelConfig(kind="rgb"))]
    assert names == [
        "RGB LED red",
        "RGB LED green",
        "RGB LED blue",
        "status LED",
        "listening LED",
        "buzzer",
        "button",
    ]
    board, pins = MockBoard.new(), PanelConfig().rgb
    for pin in pins:
        board.pin(pin)
    seen: list[list[float]] = []
    for part in list(paneltest.parts(PanelConfig(kind="rgb")))[:3]:
        look = partial(_note, seen, board, pins)
        paneltest.light(part, board.factory, seconds=0.0, sleep=look)
    assert seen == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def _note(seen: list, board: MockBoard, pins: tuple, _seconds: float) -> None:
    seen.append(board.states(pins))


def test_where_the_pins_stand_on_the_header() -> None:
    from gpiozero.pins.mock import MockFactory

    pins = MockFactory().board_info.headers["J8"].pins
    known = {pin.name: place for place, pin in pins.items() if pin.name.startswith("GPIO")}
    for number, place in paneltest._PLACES.items():
        assert known[f"GPIO{number}"] == place


def test_off_turns_everything_off(board: MockBoard, tmp_path: Path) -> None:
    for pin in OUTPUTS:
        board.pin(pin).function = "output"
        board.pin(pin).state = 1
    assert run(tmp_path, "off") == 0
    assert set(board.states(OUTPUTS)) == {0.0}


def test_without_pins_there_is_nothing_to_turn_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise SignalDeviceError("no Raspberry Pi is here")

    monkeypatch.setattr(paneltest, "open_pins", fails)
    assert run(tmp_path, "off") == 0
    assert "nothing to turn off: no Raspberry Pi" in capsys.readouterr().out
    assert run(tmp_path, "test") == 69
    assert run(tmp_path, "test", panel="kind = 'none'") == 0


def test_a_part_that_cannot_be_used_is_named_and_the_others_are_tried(
    board: MockBoard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with gpiozero.LED(USUAL.leds["sad"], pin_factory=board.factory):
        assert run(tmp_path, "test", "--seconds", "0.01") == 69
    rows = capsys.readouterr().out.splitlines()
    assert "FAILED: LED 'sad' on GPIO 22 cannot be used" in rows[2]
    assert rows[3].endswith("was on")
    assert rows[-1] == "1 of 12 parts cannot be used"


def test_the_pins_of_a_running_service_are_left_alone(
    board: MockBoard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_status(Path(os.environ["RUNTIME_DIRECTORY"]) / "status.json", status())
    assert run(tmp_path, "test") == 69
    assert "`sudo systemctl stop ser-edge` first" in capsys.readouterr().err
    assert [1.0 in board.history(pin) for pin in OUTPUTS] == [False] * len(OUTPUTS)


@pytest.mark.parametrize("seconds", ["0", "-1", "61", "soon", "nan"])
def test_impossible_times(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["panel", "test", "--seconds", seconds])
    assert "is no time between 0 and 60 seconds" in capsys.readouterr().err
