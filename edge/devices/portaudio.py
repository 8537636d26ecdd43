"""A thin coat around PyAudio: values instead of dictionaries, our errors instead of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from edge.devices.quiet import quiet_stderr
from edge.dsp.pcm import SampleFormat
from edge.errors import AudioDeviceError

_INSTALL: Final = (
    "PyAudio is not usable here ({reason}); install it with `sudo apt install python3-pyaudio`, "
    "or in a virtual environment with `sudo apt install portaudio19-dev gcc python3-dev` "
    "and then `pip install PyAudio`"
)
_FORMAT_NAMES: Final[dict[SampleFormat, str]] = {
    "s16": "paInt16",
    "s24": "paInt24",
    "s32": "paInt32",
    "f32": "paFloat32",
}

_MOST_OPEN: Final = 4

OnBlock = Callable[[bytes, int, bool], bool]
"""Takes raw PCM, its frames and whether sound was lost before it; returns whether to go on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamFormat:
    """How sound comes out of a device."""

    rate_hz: int
    n_channels: int
    sample_format: SampleFormat


@dataclass(frozen=True, kw_only=True, slots=True)
class PortDevice:
    """One device of PortAudio's list."""

    index: int
    """Place in the list; holds only until PortAudio is initialised anew."""
    name: str
    n_channels: int
    """Capture channels that it offers; 0 for a loudspeaker."""
    default_rate_hz: int
    is_default: bool


class PortAudio:
    """One initialisation of PortAudio.

    Its list of devices is made once, at the first initialisation: only after the last one is closed
    does a new one see what has been plugged in since.

    Raises
    ------
    AudioDeviceError
        If PyAudio or PortAudio is not installed or does not start, or if as many as four earlier
        ones hang while closing: each would leave two threads behind, every half minute, for ever.
    """

    _n_open: ClassVar[int] = 0
    _counting: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        if PortAudio._n_open >= _MOST_OPEN:
            raise AudioDeviceError(
                f"the sound driver hangs: {PortAudio._n_open} recordings do not close; plug the "
                "microphone in again, or restart this program"
            )
        try:
            import pyaudio
        except ImportError as error:
            raise AudioDeviceError(_INSTALL.format(reason=error)) from error
        self._module: Any = pyaudio
        with quiet_stderr():
            try:
                self._engine: Any = pyaudio.PyAudio()
            except OSError as error:
                raise AudioDeviceError(f"PortAudio does not start: {error}") from error
        self._count(1)

    def capture_devices(self) -> list[PortDevice]:
        """Return every device that can record."""
        default = self._default_index()
        count = self._engine.get_device_count()
        devices = [self._device(index, default) for index in range(count)]
        return [device for device in devices if device.n_channels > 0]

    def refusal(self, index: int, wanted: StreamFormat) -> str | None:
        """Return why the device refuses a format, in PortAudio's words; None if it does not."""
        self._check_index(index)
        try:
            self._engine.is_format_supported(
                wanted.rate_hz,
                input_device=index,
                input_channels=wanted.n_channels,
                input_format=self._format(wanted),
            )
        except ValueError as error:
            return str(error.args[0])
        return None

    def open(
        self, index: int, wanted: StreamFormat, *, n_frames: int, on_block: OnBlock
    ) -> PortStream:
        """Start recording; `on_block` is called in PortAudio's thread.

        Raises
        ------
        OSError
            As PortAudio says it.
        """
        self._check_index(index)
        return PortStream(
            self._engine.open(
                rate=wanted.rate_hz,
                channels=wanted.n_channels,
                format=self._format(wanted),
                input=True,
                input_device_index=index,
                frames_per_buffer=n_frames,
                stream_callback=self._callback(on_block),
            )
        )

    def close(self) -> None:
        """End this initialisation."""
        self._engine.terminate()
        self._count(-1)

    @classmethod
    def _count(cls, change: int) -> None:
        with cls._counting:
            PortAudio._n_open += change

    def _callback(self, on_block: OnBlock) -> Callable[..., tuple[None, int]]:
        overflow, go_on = self._module.paInputOverflow, self._module.paContinue
        complete = self._module.paComplete

        def callback(raw: bytes, n_frames: int, _time: object, status: int) -> tuple[None, int]:
            wants_more = on_block(raw, n_frames, bool(status & overflow))
            return None, go_on if wants_more else complete

        return callback

    def _check_index(self, index: int) -> None:
        # PyAudio 0.2.14 does not: it dies of a segmentation fault.
        count = self._engine.get_device_count()
        if not 0 <= index < count:
            raise AudioDeviceError(f"sound device {index} is gone: there are {count} devices now")

    def _default_index(self) -> int | None:
        try:
            return int(self._engine.get_default_input_device_info()["index"])
        except OSError:
            return None

    def _device(self, index: int, default: int | None) -> PortDevice:
        raw = self._engine.get_device_info_by_index(index)
        return PortDevice(
            index=index,
            name=str(raw["name"]),
            n_channels=int(raw["maxInputChannels"]),
            default_rate_hz=int(raw["defaultSampleRate"]),
            is_default=index == default,
        )

    def _format(self, wanted: StreamFormat) -> int:
        return int(getattr(self._module, _FORMAT_NAMES[wanted.sample_format]))


class PortStream:
    """A running recording."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def is_running(self) -> bool:
        """Return whether PortAudio still means to deliver."""
        return bool(self._stream.is_active())

    def close(self) -> None:
        """Stop at once; hangs for as long as the driver does."""
        self._stream.close()
