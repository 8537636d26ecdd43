"""The panel on mock pins: whole histories, and darkness on every way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import get_args, get_type_hints

import pytest

from edge.contract.labels import EMOTIONS
from edge.decide.outcomes import Signal
from edge.devices import patterns
from edge.devices.gpio import PanelPins
from edge.devices.lights import COLOURS
from edge.devices.panel import GpioPanel, status_pattern
from edge.devices.patterns import Pattern
from edge.errors import SignalDeviceError
from tests.fakes.panel import QUIET, MockBoard, signal

gpiozero = pytest.importorskip("gpiozero")
LEDS = {"happy": 5, "sad": 6, "angry": 13}
STATUS, LISTENING, BUZZER, BUTTON = 19, 26, 20, 21
PINS = PanelPins(leds=LEDS, status=STATUS, listening=LISTENING, buzzer=BUZZER, button=BUTTON)
OUTPUTS = (*LEDS.values(), STATUS, LISTENING, BUZZER)
SAD = signal(state="sad", confidence=0.7)
ALARM = signal(state="sad", confidence=0.7, alarm="distress", light="fast", buzzer="beeps")


@pytest.fixture
def board() -> Iterator[MockBoard]:
    board = MockBoard.new()
    for number in OUTPUTS:
        board.pin(number)
    yield board
    board.factory.reset()


def _panel(board: MockBoard, pins: PanelPins = PINS, **more: float) -> GpioPanel:
    return GpioPanel(pins, on_press=lambda _: None, pin_factory=board.factory, **more)


def test_the_state_is_shown_as_bright_as_it_is_sure(board: MockBoard) -> None:
    panel = _panel(board)
    for state, confidence in (("happy", 0.61), ("sad", 0.98), ("neutral", 0.9), ("sad", 0.05)):
        panel.show(signal(state=state, confidence=confidence))
    assert board.history(5) == [0, 0.6, 0]
    assert board.history(6) == [0, 1.0, 0, 0.2]
    assert board.history(13) == [0]
    panel.close()


def test_only_what_changed_is_touched(board: MockBoard) -> None:
    panel = _panel(board)
    for confidence in (0.70, 0.71, 0.74, 0.66):  # all look the same
        panel.show(signal(state="sad", confidence=confidence, speaking=False))
    assert board.history(6) == [0, 0.7]
    assert board.history(STATUS) == [0, 1]
    panel.close()


def test_without_pwm_it_is_on_or_off(board: MockBoard) -> None:
    panel = _panel(board, PanelPins(leds=LEDS, pwm=False))
    panel.show(signal(state="sad", confidence=0.3))
    assert board.history(6) == [0, 1]
    panel.close()
    assert board.history(6) == [0, 1, 0]


def test_lights_that_are_wired_to_3_volts_are_dark_when_high(board: MockBoard) -> None:
    panel = _panel(board, PanelPins(leds={"sad": 6}, active_high=False, pwm=False))
    assert board.pin(6).state == 1
    panel.show(SAD)
    assert board.pin(6).state == 0
    panel.close()


@pytest.mark.parametrize("health", ["deaf", "muted", "starting", "stopped"])
def test_what_it_cannot_hear_it_does_not_show(board: MockBoard, health: str) -> None:
    panel = _panel(board)
    panel.show(SAD)
    panel.show(signal(state="sad", confidence=0.7, health=health))
    assert board.history(6) == [0, 0.7, 0]
    panel.close()


def test_the_listening_light_is_on_exactly_while_sound_is_taken_in(board: MockBoard) -> None:
    panel = _panel(board)
    for health in (*get_args(get_type_hints(Signal)["health"]), "listening"):
        panel.show(signal(health=health, alarm="distress", light="fast"))
        assert board.pin(LISTENING).state == (health == "listening"), health
    panel.close()
    assert board.pin(LISTENING).state == 0


@pytest.mark.parametrize(
    ("changes", "pattern"),
    [
        ({}, patterns.LISTENING),
        ({"speaking": True}, patterns.SPEAKING),
        ({"health": "starting"}, patterns.STARTING),
        ({"health": "deaf"}, patterns.DEAF),
        ({"health": "muted"}, patterns.MUTED),
        ({"alarm": "a", "light": "none"}, patterns.LISTENING),
        ({"alarm": "a", "light": "none", "health": "deaf"}, patterns.DEAF),
        ({"alarm": "a", "light": "slow"}, patterns.ALARM_LIGHTS["slow"]),
        ({"alarm": "a", "light": "double", "health": "muted"}, patterns.ALARM_LIGHTS["double"]),
        ({"alarm": "a", "light": "fast", "health": "deaf"}, patterns.ALARM_LIGHTS["fast"]),
        ({"alarm": "a", "light": "fast", "speaking": True}, patterns.ALARM_LIGHTS["fast"]),
        ({"alarm": None, "light": "fast"}, patterns.LISTENING),
        ({"health": "stopped", "alarm": "a", "light": "fast"}, patterns.DARK),
    ],
)
def test_the_status_light_tells_the_most_urgent(
    changes: dict[str, object], pattern: Pattern
) -> None:
    assert status_pattern(signal(**changes)) == pattern


def _quick(monkeypatch: pytest.MonkeyPatch, n_steps: int, **more: int) -> None:
    """Let three beeps take milliseconds, or as many others as `more` says of other sounds."""
    for name, n_beeps in {"beeps": n_steps, **more}.items():
        quick = Pattern(steps=((0.001, 0.001),) * n_beeps)
        monkeypatch.setitem(patterns.ALARM_SOUNDS, name, quick)


def test_an_alarm_without_buzzer_is_seen_but_not_heard(board: MockBoard) -> None:
    panel = _panel(board)
    panel.show(signal(state="sad", confidence=0.7, alarm="quiet one", light="fast"))
    board.wait_for(STATUS, [0, 1, 0])
    panel.close()
    assert board.history(BUZZER) == [0]
    assert 1.0 in board.history(STATUS)


def test_the_buzzer_falls_silent_by_itself(
    board: MockBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    _quick(monkeypatch, 3)
    panel = _panel(board, buzzer_limit_s=0.0125)  # two rounds of 6 ms
    panel.show(ALARM)
    expected = [0.0, *[1.0, 0.0] * 6]
    assert board.wait_for(BUZZER, expected) == expected
    panel.show(ALARM)
    assert board.wait_for(BUZZER, [*expected, 1.0], limit_s=0.05) == expected
    panel.close()


def test_another_alarm_beeps_anew_and_its_end_is_silence(
    board: MockBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    _quick(monkeypatch, 1)
    panel = _panel(board, buzzer_limit_s=0)
    panel.show(ALARM)
    assert board.wait_for(BUZZER, [0, 1, 0]) == [0, 1, 0]
    panel.show(signal(alarm="another", buzzer="beeps"))
    assert board.wait_for(BUZZER, [0, 1, 0, 1, 0]) == [0, 1, 0, 1, 0]
    panel.show(QUIET)
    assert board.history(BUZZER) == [0, 1, 0, 1, 0]
    panel.close()


def test_a_louder_step_of_an_alarm_begins_anew_and_the_same_one_does_not(
    board: MockBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    _quick(monkeypatch, 1, long=2)
    panel = _panel(board, buzzer_limit_s=0)
    panel.show(ALARM)
    assert board.wait_for(BUZZER, [0, 1, 0]) == [0, 1, 0]
    panel.show(replace(ALARM, light="double"))
    assert board.wait_for(BUZZER, [0, 1, 0, 1], limit_s=0.05) == [0, 1, 0]
    panel.show(replace(ALARM, buzzer="long"))
    assert board.wait_for(BUZZER, [0, 1, 0, 1, 0, 1, 0]) == [0, 1, 0, 1, 0, 1, 0]
    panel.close()


def test_close_turns_everything_off_in_the_middle_of_patterns(board: MockBoard) -> None:
    panel = _panel(board)
    panel.show(ALARM)
    board.wait_for(BUZZER, [0, 1])
    panel.close()
    assert board.states(OUTPUTS) == [0] * len(OUTPUTS)
    length = {number: len(board.history(number)) for number in OUTPUTS}
    panel.show(SAD)
    panel.close()
    assert {number: len(board.history(number)) for number in OUTPUTS} == length


def test_pins_are_free_again_after_close(board: MockBoard) -> None:
    _panel(board).close()
    again = _panel(board)
    again.show(SAD)
    assert board.states([LEDS["sad"]]) != [0.0]
    again.close()


def test_one_broken_light_does_not_keep_the_others_on(
    board: MockBoard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    panel = _panel(board)
    panel.show(signal(state="sad", confidence=1.0))

    def refuse(_value: float) -> None:
        raise OSError("GPIO gone")

    monkeypatch.setattr(board.pin(STATUS), "_set_state", refuse)
    panel.close()
    assert board.pin(6).state == 0
    assert "the panel did not close properly" in caplog.text


def test_an_exception_in_the_middle_leaves_it_dark(board: MockBoard) -> None:
    panel = _panel(board)
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - as a runner would: finally close
        try:
            panel.show(ALARM)
            raise ZeroDivisionError
        finally:
            panel.close()
    assert board.states(OUTPUTS) == [0] * len(OUTPUTS)


def test_a_constructor_that_fails_leaves_nothing_claimed(board: MockBoard) -> None:
    taken = gpiozero.LED(STATUS, pin_factory=board.factory)
    with pytest.raises(SignalDeviceError, match=f"status on GPIO {STATUS} cannot be used"):
        _panel(board)
    taken.close()
    _panel(board).close()


def test_rgb_takes_the_colour_of_the_state(board: MockBoard) -> None:
    panel = _panel(board, PanelPins(rgb=(5, 6, 13)))
    for state, confidence in (("happy", 1.0), ("sad", 0.5), ("no_speech", 0.0)):
        panel.show(signal(state=state, confidence=confidence))
    assert board.history(5) == [0, 1.0, 0]
    assert board.history(6) == [0, 0.8, 0]
    assert board.history(13) == [0, 0.5, 0]
    panel.close()


def test_uncertainty_blinks(board: MockBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "UNCERTAIN", Pattern(steps=((0.001, 0.001),), n_repeats=2))
    panel = _panel(board, PanelPins(leds={"uncertain": 5, "sad": 6}))
    panel.show(signal(state="uncertain", confidence=0.3))
    blinked = [0, 1, 0, 1, 0]
    assert board.wait_for(5, blinked) == blinked
    panel.show(signal(state="uncertain", confidence=0.2))
    assert board.wait_for(5, [*blinked, 1], limit_s=0.05) == blinked  # it does not begin anew
    panel.close()


def test_colours_are_told_apart_even_without_dimming() -> None:
    assert set(COLOURS) == {*EMOTIONS, "uncertain"}
    rounded = {name: tuple(part >= 0.5 for part in COLOURS[name]) for name in EMOTIONS}
    alike = [(a, b) for a, b in product(EMOTIONS, EMOTIONS) if a < b and rounded[a] == rounded[b]]
    assert alike == [("calm", "neutral")]
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_rgb_without_pwm_uses_full_colours(board: MockBoard) -> None:
    panel = _panel(board, PanelPins(rgb=(5, 6, 13), pwm=False))
    panel.show(signal(state="happy", confidence=0.4))
    assert board.states([5, 6, 13]) == [1, 1, 0]
    panel.close()
