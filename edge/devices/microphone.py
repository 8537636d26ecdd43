"""A microphone through PyAudio."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from edge.devices.alsa import AlsaTree
from edge.devices.blockqueue import BlockQueue, RawBlock
from edge.devices.inventory import DeviceInfo, choose, describe, hindrance
from edge.devices.portaudio import PortAudio, PortStream, StreamFormat
from edge.devices.quiet import quiet_stderr
from edge.devices.source import make_block
from edge.devices.timelimit import finishes_within
from edge.dsp.pcm import SampleFormat, decode
from edge.errors import AudioDeviceError
from edge.stream.blocks import AudioBlock

_LOG: Final = logging.getLogger(__name__)
_FALLBACK_RATES_HZ: Final = (48000, 44100, 32000, 22050, 8000)
_SAMPLE_FORMATS: Final[tuple[SampleFormat, ...]] = ("s16", "s32", "s24", "f32")
_MOST_CHANNELS: Final = 8
"""Virtual devices claim 128."""
_CLOSE_LIMIT_S: Final = 2.0


class PyAudioMicrophone:
    """Records from a microphone that is chosen by name and opened in whatever format it has.

    PortAudio's thread fills a bounded queue. When the reader is too slow, the oldest sound is
    dropped and counted in `AudioBlock.n_lost`; so is an overflow that PortAudio reports (it does
    not say how much was lost: one block is assumed). Neither is an error.

    Parameters
    ----------
    device : str
        Which one; see `edge.devices.inventory.choose`. Empty: the most likely one.
    preferred_rate_hz : int
        Tried first, so that nothing need be resampled.
    block_ms : int
        Length of a block.
    queue_s : float
        Sound that may wait for the reader.
    alsa, engine
        Where the kernel's trees and PortAudio come from; tests put others here.

    Raises
    ------
    AudioDeviceError
        If there is no such microphone, or it is busy, forbidden or refuses every format.
    """

    def __init__(
        self,
        device: str = "",
        *,
        preferred_rate_hz: int = 16000,
        block_ms: int = 20,
        queue_s: float = 4.0,
        alsa: AlsaTree | None = None,
        engine: Callable[[], PortAudio] = PortAudio,
    ) -> None:
        self._queue = BlockQueue(n_blocks=max(1, round(queue_s * 1000 / block_ms)))
        self._closed = False
        self._portaudio = engine()
        try:
            with quiet_stderr():
                self._open(device, preferred_rate_hz, block_ms, alsa or AlsaTree())
        except BaseException:
            self._portaudio.close()
            raise

    @property
    def name(self) -> str:
        """For people: the device's name and rate."""
        return f"{self._info.name}, {self._format.rate_hz} Hz"

    @property
    def sample_rate_hz(self) -> int:
        """Rate that the device delivers."""
        return self._format.rate_hz

    @property
    def device(self) -> DeviceInfo:
        """The device that was chosen."""
        return self._info

    @property
    def stream_format(self) -> StreamFormat:
        """The format that the device was opened in."""
        return self._format

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if nothing came in time.

        Raises
        ------
        AudioDeviceError
            If the device has stopped, or was closed. (Many that vanish just deliver nothing; only
            `edge.devices.watch.WatchedSource` notices.)
        """
        block = self._queue.get(timeout_s=0.0 if self._closed else timeout_s)
        if block is None:
            self._check_running()
            return None
        samples = decode(
            block.raw,
            sample_format=self._format.sample_format,
            n_channels=self._format.n_channels,
        )
        return make_block(samples, sample_rate_hz=self.sample_rate_hz, n_lost=block.n_lost)

    def close(self) -> None:
        """Release the device; returns within two seconds even if its driver hangs."""
        if self._closed:
            return
        self._closed = True
        if not finishes_within(_CLOSE_LIMIT_S, self._shut):
            _LOG.warning(
                "%s does not close: its driver hangs; newly plugged devices may stay unseen until "
                "this program is restarted",
                self._info.name,
            )

    def _open(self, device: str, preferred_rate_hz: int, block_ms: int, alsa: AlsaTree) -> None:
        self._info = choose(describe(self._portaudio, alsa), device, alsa=alsa)
        refusals: list[str] = []
        for wanted in candidate_formats(self._info, preferred_rate_hz=preferred_rate_hz):
            refusal = self._try(wanted, block_ms)
            if refusal is None:
                return
            refusals.append(refusal)
        raise AudioDeviceError(_why_refused(self._info, refusals, alsa))

    def _try(self, wanted: StreamFormat, block_ms: int) -> str | None:
        refusal = self._portaudio.refusal(self._info.index, wanted)
        if refusal is not None:
            return refusal
        self._format = wanted
        try:
            self._stream: PortStream = self._portaudio.open(
                self._info.index,
                wanted,
                n_frames=wanted.rate_hz * block_ms // 1000,
                on_block=self._take,
            )
        except OSError as error:
            return str(error)
        return None

    def _take(self, raw: bytes, n_frames: int, overflowed: bool) -> bool:  # noqa: FBT001
        n_lost = n_frames if overflowed else 0
        self._queue.put(RawBlock(raw=raw, n_frames=n_frames, n_lost=n_lost))
        return not self._closed

    def _check_running(self) -> None:
        if self._closed:
            raise AudioDeviceError(f"{self._info.name} has been closed")
        if not self._stream.is_running():
            raise AudioDeviceError(f"{self._info.name} has stopped; is it still plugged in?")

    def _shut(self) -> None:
        # Not within quiet_stderr(): a close that hangs would keep standard error for itself.
        try:
            self._stream.close()
        finally:
            self._portaudio.close()


def candidate_formats(device: DeviceInfo, *, preferred_rate_hz: int) -> Iterator[StreamFormat]:
    """Yield the formats to try, best first: by rate, then sample format, then channels."""
    rates_hz = (preferred_rate_hz, device.default_rate_hz, *_FALLBACK_RATES_HZ)
    channels = (n for n in (1, 2, device.n_channels) if n <= min(device.n_channels, _MOST_CHANNELS))
    channel_counts = _unique(channels)
    for rate_hz in _unique(rates_hz):
        for sample_format in _SAMPLE_FORMATS:
            for n_channels in channel_counts:
                yield StreamFormat(
                    rate_hz=rate_hz, n_channels=n_channels, sample_format=sample_format
                )


def _unique(numbers: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


def _why_refused(device: DeviceInfo, refusals: list[str], alsa: AlsaTree) -> str:
    reason = hindrance(alsa)
    if reason:
        return f"{device.name} cannot be opened: {reason}"
    words = "; ".join(dict.fromkeys(refusals))
    return (
        f"{device.name} refuses every format that was tried ({words}); another program may hold it "
        "(`sudo fuser -v /dev/snd/*` tells which), or choose another device with `ser-edge devices`"
    )
