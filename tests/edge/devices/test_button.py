"""The button on mock pins: its clock is the test's, its thread a real one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from edge.devices.button import PushButton
from edge.devices.gpio import PanelPins
from edge.devices.panel import GpioPanel
from edge.devices.presses import Press, PressTiming
from tests.fakes.panel import MockBoard

gpiozero = pytest.importorskip("gpiozero")
PIN = 16
QUICK = PressTiming(bounce_s=0.003, double_gap_s=0.04, hold_s=0.2)
"""Ten times as quick as usual: the thread's waiting is real."""
LIMIT_S = 20.0


class Finger:
    """Presses a button on a board, and has its clock."""

    def __init__(self) -> None:
        self.board = MockBoard.new()
        self.now_s = 0.0
        self.heard: SimpleQueue[Press] = SimpleQueue()

    def device(self) -> gpiozero.DigitalInputDevice:
        return gpiozero.DigitalInputDevice(PIN, pull_up=True, pin_factory=self.board.factory)

    def button(
        self, on_press: Callable[[Press], None] | None = None, *, device: Any = None
    ) -> PushButton:
        return PushButton(
            device or self.device(),
            on_press=on_press or self.heard.put,
            timing=QUICK,
            clock=lambda: self.now_s,
        )

    def press(self, *durations_s: float) -> None:
        """Close the contact and change it after each duration."""
        for i, duration_s in enumerate(durations_s):
            self._drive(is_down=i % 2 == 0)
            self.now_s += duration_s
        self._drive(is_down=len(durations_s) % 2 == 0)

    def hold(self, seconds: float) -> None:
        self._drive(is_down=True)
        self.now_s += seconds

    def next(self) -> Press:
        return self.heard.get(timeout=LIMIT_S)

    def _drive(self, *, is_down: bool) -> None:
        pin = self.board.pin(PIN)
        if is_down:
            pin.drive_low()
        else:
            pin.drive_high()


@pytest.fixture
def finger() -> Iterator[Finger]:
    made = Finger()
    yield made
    made.board.factory.reset()


@contextmanager
def watched(
    finger: Finger, on_press: Callable[[Press], None] | None = None
) -> Iterator[PushButton]:
    button = finger.button(on_press)
    try:
        yield button
    finally:
        button.close()


@pytest.mark.parametrize(
    ("durations_s", "press"),
    [((0.01,), "short"), ((0.01, 0.02, 0.01), "double"), ((0.25,), "long")],
)
def test_each_kind_of_press(finger: Finger, durations_s: tuple[float, ...], press: Press) -> None:
    with watched(finger):
        finger.press(*durations_s)
        finger.now_s += 1.0
        assert finger.next() == press
    assert finger.heard.empty()


def test_a_long_press_is_told_while_it_is_held(finger: Finger) -> None:
    with watched(finger):
        finger.hold(0.25)
        assert finger.next() == "long"
        assert finger.board.pin(PIN).state == 0
    assert finger.heard.empty()


def test_a_release_that_the_kernel_has_lost_mutes_nothing(finger: Finger) -> None:
    with watched(finger) as button:
        finger.hold(0.01)
        while button._presses.due_s != QUICK.hold_s:
            time.sleep(0.001)  # until it counts as pressed
        button._device.when_deactivated = None
        finger.board.pin(PIN).drive_high()
        finger.now_s += 5.0
        assert finger.next() == "short"
    assert finger.heard.empty()


def test_a_button_that_is_stuck_at_the_start_means_nothing(finger: Finger) -> None:
    device = finger.device()
    finger.board.pin(PIN).drive_low()
    assert device.is_active
    button = finger.button(device=device)
    finger.now_s += 60.0
    finger.board.pin(PIN).drive_high()
    finger.now_s += 1.0
    finger.press(0.01)
    finger.now_s += 1.0
    assert finger.next() == "short"
    button.close()
    assert finger.heard.empty()


def test_a_press_that_comes_to_nothing_is_logged_and_the_button_lives_on(
    finger: Finger, caplog: pytest.LogCaptureFixture
) -> None:
    def fails_once(press: Press) -> None:
        finger.heard.put(press)
        if not caplog.records:
            raise ZeroDivisionError("a bug")

    with caplog.at_level(logging.ERROR), watched(finger, fails_once):
        for _ in range(2):
            finger.press(0.01)
            finger.now_s += 1.0
            assert finger.next() == "short"
    assert caplog.text.count("the short press of the button came to nothing") == 1
    assert "a bug" in caplog.text


def test_pins_that_go_away_end_the_watch_and_not_the_program(
    finger: Finger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(_: object) -> bool:
        raise OSError("GPIO gone")

    with watched(finger) as button:
        monkeypatch.setattr(type(button._device), "is_active", property(gone))
        finger.hold(0.0)
        finger.now_s += 1.0
        button._thread.join(LIMIT_S)
        assert not button._thread.is_alive()
    assert "the button is watched no more" in caplog.text


def test_whoever_is_told_may_close_it(finger: Finger) -> None:
    closed = threading.Event()

    def close(_: Press) -> None:
        button.close()
        closed.set()

    button = finger.button(close)
    finger.press(0.01)
    finger.now_s += 1.0
    assert closed.wait(LIMIT_S)
    button._thread.join(LIMIT_S)
    assert not button._thread.is_alive()
    finger.device().close()  # the pin is free again


def test_the_panel_hands_presses_on_and_ends_the_watch_with_it(finger: Finger) -> None:
    before = threading.active_count()
    panel = GpioPanel(
        PanelPins(button=PIN), on_press=finger.heard.put, pin_factory=finger.board.factory
    )
    finger.board.pin(PIN).drive_low()
    assert finger.next() == "long"  # by the real clock
    panel.close()
    assert threading.active_count() == before
    finger.board.pin(PIN).drive_high()
    with pytest.raises(Empty):
        finger.heard.get(timeout=0.1)
    finger.device().close()
