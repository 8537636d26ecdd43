"""Pins and pin factories: what is wrong with them is said before anything lights up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.devices.gpio import PanelPins, open_pin_factory
from edge.devices.panel import GpioPanel, NullPanel, open_panel
from edge.errors import SignalDeviceError
from tests.fakes.panel import MockBoard, signal

pytest.importorskip("gpiozero")
PINS = PanelPins(leds={"happy": 5, "sad": 6}, status=19, buzzer=20, button=21)
ALARM = signal(state="sad", confidence=0.7, alarm="distress")


@pytest.fixture
def board() -> Iterator[MockBoard]:
    board = MockBoard.new()
    yield board
    board.factory.reset()


def _panel(board: MockBoard, pins: PanelPins) -> GpioPanel:
    return GpioPanel(pins, on_press=lambda _: None, pin_factory=board.factory)


@pytest.mark.parametrize(
    ("pins", "words"),
    [
        (PanelPins(leds={"sad": 5, "angry": 5}), "GPIO 5 is given to LED 'sad' and to LED 'angry'"),
        (PanelPins(rgb=(1, 2, 3), buzzer=3), "GPIO 3 is given to RGB blue and to buzzer"),
        (PanelPins(status=28), "there is no GPIO 28 for status; give the GPIO number, 0 to 27"),
        (PanelPins(listening=7, status=7), "GPIO 7 is given to status and to listening"),
        (PanelPins(button=-1), "there is no GPIO -1 for button"),
        (PanelPins(leds={"angyr": 5}), "an LED is wired for 'angyr'; known are calm, happy"),
    ],
)
def test_wrong_pins_are_named(board: MockBoard, pins: PanelPins, words: str) -> None:
    with pytest.raises(SignalDeviceError, match=words) as caught:
        _panel(board, pins)
    assert caught.value.exit_code == 69


def test_a_factory_that_cannot_dim_says_what_to_do() -> None:
    from gpiozero.pins.mock import MockFactory

    factory = MockFactory()
    with pytest.raises(SignalDeviceError, match=r"LED 'sad' on GPIO 6 cannot be dimmed.*pwm"):
        GpioPanel(PanelPins(leds={"sad": 6}), on_press=lambda _: None, pin_factory=factory)
    factory.reset()


def test_without_gpio_there_is_a_null_panel_and_one_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    recwarn: pytest.WarningsRecorder,
) -> None:
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setattr("edge.devices.gpio._FACTORIES", ("native",))
    panel = open_panel(PINS, on_press=lambda _: None, work_dir=str(tmp_path))
    assert isinstance(panel, NullPanel)
    panel.show(ALARM)
    panel.close()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "no Raspberry Pi that gpiozero knows" in caplog.text
    assert not recwarn.list
    assert capfd.readouterr().err == ""


def test_a_panel_without_parts_asks_for_no_gpio(caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(open_panel(PanelPins(), on_press=lambda _: None), NullPanel)
    assert not caplog.records


def test_the_environment_chooses_the_pin_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    monkeypatch.setenv("GPIOZERO_MOCK_PIN_CLASS", "mockpwmpin")
    panel = open_panel(PINS, on_press=lambda _: None)
    assert isinstance(panel, GpioPanel)
    panel.close()
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nonesuch")
    with pytest.raises(SignalDeviceError, match="nonesuch: gpiozero does not know it"):
        open_pin_factory()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "given"),
        ({"RUNTIME_DIRECTORY": "/run/ser-edge:/run/x"}, "given"),
        ({"LG_WD": "/already"}, "/already"),
    ],
)
def test_lgpio_gets_a_folder_that_can_be_written(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    monkeypatch.setattr("edge.devices.gpio._FACTORIES", ())
    for name in ("LG_WD", "RUNTIME_DIRECTORY", "GPIOZERO_PIN_FACTORY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SignalDeviceError):
        open_pin_factory(work_dir="given")
    assert os.environ["LG_WD"] == expected


def test_under_systemd_that_folder_is_the_runtime_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.devices.gpio._FACTORIES", ())
    monkeypatch.setenv("LG_WD", "to be restored")
    monkeypatch.delenv("LG_WD")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/ser-edge:/run/x")
    with pytest.raises(SignalDeviceError):
        open_pin_factory()
    assert os.environ["LG_WD"] == "/run/ser-edge"
