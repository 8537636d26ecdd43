from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import AudioDeviceError, NoInputError
from tests.fakes.sources import FakeClock, ScriptedSource
from tests.trainer.studio import sounds
from trainer.studio.microphone import Microphone, Rehearsal, open_ear

BLOCK = np.zeros(320, np.float32)


def _microphone(*script: np.ndarray | None) -> Microphone:
    return Microphone(ScriptedSource(script, clock=FakeClock()))


def test_a_short_silence_of_the_device_is_waited_out() -> None:
    assert len(_microphone(*[None] * 29, BLOCK).read().samples) == 320


def test_a_device_that_delivers_nothing_is_an_error() -> None:
    with pytest.raises(AudioDeviceError, match="scripted has delivered nothing for 3 s"):
        _microphone(*[None] * 31).read()


def test_what_came_meanwhile_is_thrown_away() -> None:
    microphone = _microphone(BLOCK, BLOCK, None, BLOCK + 0.5)
    microphone.flush()
    assert microphone.read().samples[0] == 0.5


def test_a_device_without_pace_is_flushed_in_bounded_time() -> None:
    microphone = _microphone(*[BLOCK] * 300, BLOCK)
    microphone.flush()
    assert microphone.read() is not None


def test_a_rehearsal_begins_anew_at_its_end_and_keeps_the_pace(tmp_path: Path) -> None:
    sound = np.round(sounds.room(0.05, level_dbfs=-20) * 32768) / 32768
    slept: list[float] = []
    ear = Rehearsal(sounds.write(tmp_path / "mic.wav", sound), sleep=slept.append)
    heard = np.concatenate([ear.read().samples for _ in range(6)])
    ear.close()
    assert np.array_equal(heard, np.tile(sound, 2).astype(np.float32))
    assert sum(slept) >= 0.1
    assert (ear.name, ear.sample_rate_hz) == ("mic.wav, 48000 Hz", 48000)


def test_a_rehearsal_needs_its_recording(tmp_path: Path) -> None:
    with pytest.raises(NoInputError):
        open_ear("", rehearsal=tmp_path / "absent.wav")
