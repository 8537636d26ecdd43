"""The watched source: it mends itself, and says what is wrong meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.devices.source import AudioSource
from edge.devices.watch import Sameness, WatchedSource, retry_delay_s
from edge.errors import AudioDeviceError, SourceEnded
from edge.stream.blocks import AudioBlock
from tests.fakes.sources import BLOCK_FRAMES, RATE_HZ, FakeClock, ScriptedSource

NOISE = np.random.default_rng(5).normal(0, 0.1, BLOCK_FRAMES).astype(np.float32)
ZEROS = np.zeros(BLOCK_FRAMES, np.float32)
GONE = AudioDeviceError("no microphone found")


class Outlet:
    """Hands out scripted sources one after another; an error in the list is an opening refused."""

    def __init__(self, *sources: AudioSource | Exception) -> None:
        self.left = list(sources)
        self.opened_at_s: list[float] = []

    def opener(self, clock: FakeClock) -> Callable[[], AudioSource]:
        def open_next() -> AudioSource:
            self.opened_at_s.append(clock.now_s - 1000)
            source = self.left.pop(0)
            if isinstance(source, Exception):
                raise source
            return source

        return open_next


def _watched(outlet: Outlet, clock: FakeClock) -> WatchedSource:
    return WatchedSource(
        outlet.opener(clock),
        silent_fault_s=5.0,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )


def _read_until_sound(watched: WatchedSource) -> AudioBlock:
    for _ in range(10_000):
        block = watched.read(timeout_s=0.1)
        if block is not None:
            return block
    raise AssertionError("no sound ever came")


def test_it_starts_without_a_microphone_and_waits_ever_longer() -> None:
    clock = FakeClock()
    outlet = Outlet(*[GONE] * 9, ScriptedSource([NOISE], clock=clock))
    watched = _watched(outlet, clock)
    block = _read_until_sound(watched)
    pauses_s = np.diff(outlet.opened_at_s)
    assert pauses_s == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30, 30], abs=1e-6)
    assert block.n_lost == 0  # nothing was ever heard before, so nothing is missing


def test_while_there_is_no_microphone_it_says_so() -> None:
    clock = FakeClock()
    watched = _watched(Outlet(GONE, ScriptedSource([None, NOISE], clock=clock)), clock)
    assert watched.fault is None
    watched.read(timeout_s=0.1)
    assert watched.fault == "no microphone found"
    assert (watched.name, watched.sample_rate_hz) == ("microphone (not open)", 0)
    clock.sleep(0.5)
    watched.read(timeout_s=0.1)
    assert watched.fault == "no microphone found"  # open again, but nothing heard yet
    watched.read(timeout_s=0.1)
    assert watched.fault is None
    assert (watched.name, watched.sample_rate_hz) == ("scripted", RATE_HZ)


def test_a_microphone_that_delivers_nothing_is_opened_again() -> None:
    clock = FakeClock()
    dead = ScriptedSource([NOISE] + [None] * 30, clock=clock)
    back = ScriptedSource([NOISE], clock=clock)
    watched = _watched(Outlet(dead, back), clock)
    _read_until_sound(watched)
    for _ in range(30):
        assert watched.fault is None
        assert watched.read(timeout_s=0.1) is None
    assert watched.fault == "scripted has delivered nothing for 3 s; is it still plugged in?"
    assert dead.is_closed
    block = _read_until_sound(watched)
    health = watched.health
    assert (health.n_opens, health.n_failures, health.is_open, health.fault) == (2, 1, True, None)
    assert health.outage_s == pytest.approx(3.5)
    assert block.n_lost == round(3.5 * RATE_HZ)
    assert health.n_lost_samples == 0


@pytest.mark.parametrize("timeout_s", [0.05, 0.25, 0.6])
def test_what_counts_is_the_time_spent_waiting(timeout_s: float) -> None:
    clock = FakeClock()
    watched = _watched(Outlet(ScriptedSource([None] * 100, clock=clock)), clock)
    while watched.fault is None:
        watched.read(timeout_s=timeout_s)
    assert clock.now_s - 1000 == pytest.approx(3, abs=0.06)


def test_a_reader_that_was_busy_elsewhere_is_no_fault() -> None:
    clock = FakeClock()
    watched = _watched(Outlet(ScriptedSource([NOISE, None, NOISE], clock=clock)), clock)
    _read_until_sound(watched)
    clock.sleep(60)
    assert watched.read(timeout_s=0.1) is None
    assert watched.fault is None


def test_an_error_of_the_device_leads_to_a_new_opening() -> None:
    clock = FakeClock()
    outlet = Outlet(
        ScriptedSource([NOISE, AudioDeviceError("has stopped")], clock=clock),
        ScriptedSource([NOISE], clock=clock, sample_rate_hz=48000),
    )
    watched = _watched(outlet, clock)
    _read_until_sound(watched)
    block = _read_until_sound(watched)
    assert block.sample_rate_hz == 48000  # another microphone may have been plugged in
    assert block.n_lost == round(0.5 * 48000)


def test_the_pause_is_short_again_once_sound_came() -> None:
    clock = FakeClock()
    stopped = AudioDeviceError("has stopped")
    outlet = Outlet(
        *[GONE] * 5,
        ScriptedSource([NOISE, stopped], clock=clock),
        ScriptedSource([NOISE], clock=clock),
    )
    watched = _watched(outlet, clock)
    _read_until_sound(watched)
    _read_until_sound(watched)
    assert np.diff(outlet.opened_at_s)[-1] == pytest.approx(0.5 + BLOCK_FRAMES / RATE_HZ)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "only digital silence for 5 s"), (-0.25, "stays at -0.2500 for 5 s")],
)
def test_sound_that_never_moves_is_a_fault_but_is_passed_on(value: float, words: str) -> None:
    clock = FakeClock()
    stuck = np.full(RATE_HZ, value, np.float32)
    watched = _watched(Outlet(ScriptedSource([*[stuck] * 5, NOISE], clock=clock)), clock)
    for _ in range(4):
        assert watched.read(timeout_s=1) is not None
        assert watched.fault is None
    watched.read(timeout_s=1)
    assert watched.fault is not None
    assert words in watched.fault
    assert watched.health.n_opens == 1  # opening it again would not unmute it
    watched.read(timeout_s=1)
    assert watched.fault is None


def test_silence_before_a_failure_is_forgotten() -> None:
    clock = FakeClock()
    second = np.zeros(RATE_HZ, np.float32)
    outlet = Outlet(
        ScriptedSource([*[second] * 4, AudioDeviceError("has stopped")], clock=clock),
        ScriptedSource([second] * 4, clock=clock),
    )
    watched = _watched(outlet, clock)
    for _ in range(8):
        _read_until_sound(watched)
        assert watched.fault is None


def test_losses_are_summed_and_passed_on() -> None:
    clock = FakeClock()
    watched = _watched(Outlet(ScriptedSource([NOISE, NOISE], clock=clock, n_lost=7)), clock)
    assert [_read_until_sound(watched).n_lost for _ in range(2)] == [7, 7]
    assert watched.health.n_lost_samples == 14


def test_the_end_of_a_recording_is_passed_on() -> None:
    clock = FakeClock()
    watched = _watched(Outlet(ScriptedSource([], clock=clock)), clock)
    with pytest.raises(SourceEnded):
        watched.read(timeout_s=1)


def test_other_errors_are_not_swallowed() -> None:
    clock = FakeClock()
    watched = _watched(Outlet(ZeroDivisionError("a bug")), clock)
    with pytest.raises(ZeroDivisionError):
        watched.read(timeout_s=1)


def test_a_source_that_hangs_while_closing_does_not_hang_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock()
    released = threading.Event()
    hanging = ScriptedSource([NOISE], clock=clock)
    monkeypatch.setattr(hanging, "close", lambda: released.wait(60))
    monkeypatch.setattr("edge.devices.watch._CLOSE_LIMIT_S", 0.01)
    watched = _watched(Outlet(hanging), clock)
    watched.read(timeout_s=1)
    watched.close()
    assert not watched.health.is_open
    released.set()


def test_after_closing_nothing_is_opened_again() -> None:
    clock = FakeClock()
    watched = _watched(Outlet(ScriptedSource([NOISE], clock=clock)), clock)
    watched.close()
    with pytest.raises(AudioDeviceError, match="has been closed"):
        watched.read(timeout_s=1)


@given(st.lists(st.integers(1, 800), min_size=1, max_size=20))
def test_only_the_unmoving_end_counts(lengths: list[int]) -> None:
    """However zeros are cut into blocks: the fault comes when their sum reaches the limit."""
    sameness = Sameness(limit_s=sum(lengths) / RATE_HZ)
    sameness.push(NOISE, sample_rate_hz=RATE_HZ)
    for n, length in enumerate(lengths):
        assert sameness.fault is None, n
        sameness.push(np.zeros(length, np.float32), sample_rate_hz=RATE_HZ)
    sameness.push(np.zeros(1, np.float32), sample_rate_hz=RATE_HZ)
    assert sameness.fault is not None


def test_two_different_steady_values_are_movement() -> None:
    sameness = Sameness(limit_s=0.03)
    sameness.push(ZEROS, sample_rate_hz=RATE_HZ)
    sameness.push(ZEROS + np.float32(0.5), sample_rate_hz=RATE_HZ)
    assert sameness.fault is None


@given(st.integers(0, 10_000))
def test_the_pause_never_shrinks_and_never_exceeds_30_s(n: int) -> None:
    assert 0.5 <= retry_delay_s(n) <= retry_delay_s(n + 1) <= 30
