"""A short trial of a microphone."""

from __future__ import annotations

import numpy as np
import pytest

from edge.devices.hearing import hear
from edge.devices.microphone import PyAudioMicrophone
from edge.devices.source import AudioSource
from edge.errors import AudioDeviceError
from tests.fakes.sources import FakePortAudio, port_device


def _microphone(*blocks: np.ndarray) -> tuple[FakePortAudio, AudioSource]:
    portaudio = FakePortAudio([port_device("Mic")])
    source = PyAudioMicrophone(engine=lambda: portaudio)
    for block in blocks:
        portaudio.deliver(block.astype("<i2").tobytes(), len(block), False)
    return portaudio, source


def test_level_clipping_and_losses() -> None:
    quiet, loud = np.full(320, 3277), np.full(320, 32767)
    portaudio, source = _microphone(quiet, loud)
    portaudio.deliver(bytes(640), 320, True)
    heard = hear("", duration_s=0.1, microphone=lambda _: source)
    assert heard.name == "Mic, 16000 Hz"
    assert heard.level_dbfs == pytest.approx(20 * np.log10(np.sqrt((1 + 0.01) / 3)), abs=0.01)
    assert heard.clipped_share == pytest.approx(1 / 3)
    assert heard.n_lost == 320
    assert portaudio.stream.n_closed == 1


def test_nothing_at_all_is_an_error_and_the_microphone_is_released() -> None:
    portaudio, source = _microphone()
    with pytest.raises(AudioDeviceError, match=r"Mic, 16000 Hz delivered nothing for 0\.01 s"):
        hear("", duration_s=0.01, microphone=lambda _: source)
    assert portaudio.stream.n_closed == 1
