"""The microphone on a PortAudio without hardware: formats, losses, errors."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edge.devices.alsa import AlsaTree
from edge.devices.microphone import PyAudioMicrophone
from edge.devices.portaudio import PortAudio, StreamFormat
from edge.errors import AudioDeviceError
from tests.fakes.sources import FakePortAudio, port_device

NO_ALSA = AlsaTree(proc=Path("/nonexistent"), dev_snd=Path("/nonexistent"))


def _open(portaudio: FakePortAudio, *, queue_s: float = 4.0, device: str = "") -> PyAudioMicrophone:
    return PyAudioMicrophone(device, queue_s=queue_s, alsa=NO_ALSA, engine=lambda: portaudio)


def _format(rate_hz: int, n_channels: int, sample_format: str) -> StreamFormat:
    return StreamFormat(rate_hz=rate_hz, n_channels=n_channels, sample_format=sample_format)


def test_the_models_rate_is_preferred() -> None:
    assert _open(FakePortAudio([port_device("Mic")])).stream_format == _format(16000, 1, "s16")


@pytest.mark.parametrize(
    ("n_channels", "default_hz", "only", "expected"),
    [
        (1, 48000, {"rate_hz": 48000}, _format(48000, 1, "s16")),
        (2, 48000, {"rate_hz": 44100, "n_channels": 2}, _format(44100, 2, "s16")),
        (1, 48000, {"rate_hz": 48000, "sample_format": "s24"}, _format(48000, 1, "s24")),
        (1, 48000, {"sample_format": "f32"}, _format(16000, 1, "f32")),
        (1, 96000, {"rate_hz": 96000}, _format(96000, 1, "s16")),
        (4, 48000, {"n_channels": 4}, _format(16000, 4, "s16")),
        (1, 48000, {"rate_hz": 8000}, _format(8000, 1, "s16")),
    ],
)
def test_it_takes_what_the_device_has(
    n_channels: int, default_hz: int, only: dict[str, object], expected: StreamFormat
) -> None:
    portaudio = FakePortAudio(
        [port_device("Mic", n_channels=n_channels, rate_hz=default_hz)],
        accepts=lambda wanted: all(getattr(wanted, key) == value for key, value in only.items()),
    )
    microphone = _open(portaudio)
    assert microphone.stream_format == expected
    assert portaudio.n_frames == expected.rate_hz // 50
    assert microphone.name == f"Mic, {expected.rate_hz} Hz"


def test_a_virtual_device_is_not_asked_for_its_128_channels() -> None:
    portaudio = FakePortAudio([port_device("default", n_channels=128)], accepts=lambda _: False)
    with pytest.raises(AudioDeviceError, match="refuses every format"):
        _open(portaudio)
    assert max(wanted.n_channels for wanted in portaudio.tried) == 2


def test_channels_are_averaged() -> None:
    portaudio = FakePortAudio(
        [port_device("Mic", n_channels=2)], accepts=lambda wanted: wanted.n_channels == 2
    )
    microphone = _open(portaudio)
    portaudio.deliver(np.array([[16384, 0], [-32768, 0]], "<i2").tobytes(), 2, False)
    block = microphone.read(timeout_s=0)
    assert block is not None
    assert block.samples.tolist() == [0.25, -0.5]


def test_a_slow_reader_loses_the_oldest_sound_and_is_told() -> None:
    portaudio = FakePortAudio([port_device("Mic")])
    microphone = _open(portaudio, queue_s=0.04)  # two blocks
    for value in (1, 2, 3, 4, 5):
        portaudio.deliver(np.full(320, value, "<i2").tobytes(), 320, False)
    first, second = microphone.read(timeout_s=0), microphone.read(timeout_s=0)
    assert first is not None
    assert second is not None
    assert (first.n_lost, second.n_lost) == (3 * 320, 0)
    assert (first.samples[0], second.samples[0]) == (4 / 32768, 5 / 32768)


def test_an_overflow_within_portaudio_counts_as_one_block() -> None:
    portaudio = FakePortAudio([port_device("Mic")])
    microphone = _open(portaudio)
    portaudio.deliver(bytes(640), 320, True)
    block = microphone.read(timeout_s=0)
    assert block is not None
    assert block.n_lost == 320


def test_a_stream_that_stops_is_an_error_but_its_last_sound_is_heard() -> None:
    portaudio = FakePortAudio([port_device("Mic")])
    microphone = _open(portaudio)
    portaudio.deliver(bytes(640), 320, False)
    portaudio.stream.is_alive = False
    assert microphone.read(timeout_s=0) is not None
    with pytest.raises(AudioDeviceError, match="Mic has stopped"):
        microphone.read(timeout_s=0)


def test_closing_stops_the_callback_and_releases_once() -> None:
    portaudio = FakePortAudio([port_device("Mic")])
    microphone = _open(portaudio)
    assert portaudio.deliver(bytes(640), 320, False)
    microphone.close()
    microphone.close()
    assert not portaudio.deliver(bytes(640), 320, False)
    assert (portaudio.stream.n_closed, portaudio.n_closed) == (1, 1)


def test_a_failed_opening_releases_portaudio() -> None:
    portaudio = FakePortAudio([])
    with pytest.raises(AudioDeviceError, match="no microphone found; plug in a USB microphone"):
        _open(portaudio)
    assert portaudio.n_closed == 1


def test_a_device_that_cannot_be_opened_says_how_to_find_the_culprit() -> None:
    portaudio = FakePortAudio([port_device("Mic")], open_error="Device unavailable")
    with pytest.raises(AudioDeviceError, match=r"Device unavailable.*sudo fuser -v /dev/snd"):
        _open(portaudio)


def test_the_holder_of_a_busy_device_is_named(tmp_path: Path) -> None:
    tree = _tree_with_holder(tmp_path)
    portaudio = FakePortAudio([port_device("Mic")], accepts=lambda _: False)
    with pytest.raises(AudioDeviceError, match=r"arecord \(process 812\) holds .*pcmC1D0c"):
        PyAudioMicrophone(alsa=tree, engine=lambda: portaudio)


def test_without_pyaudio_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    with pytest.raises(AudioDeviceError, match="sudo apt install python3-pyaudio"):
        PortAudio()


def _tree_with_holder(folder: Path) -> AlsaTree:
    node = folder / "snd" / "pcmC1D0c"
    descriptors = folder / "proc" / "812" / "fd"
    descriptors.mkdir(parents=True)
    node.parent.mkdir()
    node.touch()
    (folder / "proc" / "812" / "comm").write_text("arecord\n")
    (descriptors / "5").symlink_to(node)
    (descriptors / "0").symlink_to("/dev/null")
    return AlsaTree(proc=folder / "proc", dev_snd=folder / "snd")
