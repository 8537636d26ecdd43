"""What no computation could follow: every contradiction in a specification, as a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from edge.contract import blocks as b
from edge.contract.layouts import (
    Framing,
    Image,
    Layout,
    Norm,
    Pooled,
    RunningStandard,
    WindowMax,
    WindowStandard,
    percentile,
)

PLAIN_STATISTICS = ("mean", "std", "min", "max")


def framing_problems(framing: Framing) -> Iterator[str]:
    """Yield what is wrong with the frames."""
    if framing.n_fft < 2:
        yield f"n_fft is {framing.n_fft}, expected at least 2"
    if not 1 <= framing.win_length <= framing.n_fft:
        yield f"win_length is {framing.win_length}, expected 1 to n_fft = {framing.n_fft}"
    if framing.hop_length < 1:
        yield f"hop_length is {framing.hop_length}, expected at least 1"


def block_problems(block: b.Block, framing: Framing, *, sample_rate_hz: int) -> Iterator[str]:
    """Yield what is wrong with a block, given how the sound comes to it."""
    match block:
        case b.Delta():
            yield from block_problems(block.of, framing, sample_rate_hz=sample_rate_hz)
            if block.width < 3 or block.width % 2 == 0:
                yield f"width is {block.width}, expected an odd number from 3 on"
        case b.LogMel() | b.Mel() | b.Mfcc():
            yield from _mel_problems(block, sample_rate_hz)
        case b.Contrast():
            yield from _contrast_problems(block, framing, sample_rate_hz)
        case b.Pitch():
            yield from _pitch_problems(block, framing, sample_rate_hz)
        case _:
            yield from _scalar_problems(block, framing)


def layout_problems(layout: Layout, framing: Framing) -> Iterator[str]:
    """Yield what is wrong with the layout."""
    if isinstance(layout, Image):
        # A centred frame more is a hop more of sound: one frame alone would need none at all.
        fewest = 1 if framing.padding == "none" else 2
        if layout.n_frames < fewest:
            yield f"n_frames is {layout.n_frames}, expected at least {fewest}"
        return
    yield from _pooling_problems(layout)


def norm_problems(norm: Norm) -> Iterator[str]:
    """Yield what is wrong with the normalisation."""
    if isinstance(norm, WindowMax) and norm.range_db <= 0:
        yield f"range_db is {norm.range_db:g}, expected more than 0"
    if isinstance(norm, WindowStandard | RunningStandard) and norm.floor <= 0:
        yield f"floor is {norm.floor:g}, expected more than 0"
    if isinstance(norm, RunningStandard) and norm.n_frames < 1:
        yield f"n_frames is {norm.n_frames}, expected at least 1"


def _pooling_problems(layout: Pooled) -> Iterator[str]:
    if not layout.statistics:
        yield "statistics is empty, at least one is needed"
    for name in layout.statistics:
        if name not in PLAIN_STATISTICS and percentile(name) is None:
            yield (
                f"the statistic {name!r} is unknown, known are: {', '.join(PLAIN_STATISTICS)}, "
                "p0 to p100"
            )
    if layout.window_s <= 0:
        yield f"window_s is {layout.window_s:g}, expected more than 0"


def _mel_problems(block: b.LogMel | b.Mel | b.Mfcc, sample_rate_hz: int) -> Iterator[str]:
    mel, nyquist_hz = block.mel, sample_rate_hz / 2
    if mel.n_mels < 1:
        yield f"n_mels is {mel.n_mels}, expected at least 1"
    if not 0 <= mel.fmin_hz < mel.fmax_hz <= nyquist_hz:
        yield (
            f"the mel bank spans {mel.fmin_hz:g} to {mel.fmax_hz:g} Hz, "
            f"expected a rising span within 0 to {nyquist_hz:g} Hz"
        )
    if isinstance(block, b.Mfcc):
        yield from _mfcc_problems(block)
    if not isinstance(block, b.Mel):
        yield from _decibel_problems(block.decibel)


def _mfcc_problems(block: b.Mfcc) -> Iterator[str]:
    if not 1 <= block.n_mfcc <= block.mel.n_mels:
        yield f"n_mfcc is {block.n_mfcc}, expected 1 to n_mels = {block.mel.n_mels}"
    if block.lifter < 0:
        yield f"lifter is {block.lifter}, expected at least 0"


def _decibel_problems(decibel: b.Decibel) -> Iterator[str]:
    if decibel.amin <= 0:
        yield f"amin is {decibel.amin:g}, expected more than 0"
    if decibel.top_db is not None and decibel.top_db < 0:
        yield f"top_db is {decibel.top_db:g}, expected at least 0"


def _contrast_problems(block: b.Contrast, framing: Framing, sample_rate_hz: int) -> Iterator[str]:
    if block.n_bands < 1:
        yield f"n_bands is {block.n_bands}, expected at least 1"
        return
    if not 0 < block.quantile < 1:
        yield f"quantile is {block.quantile:g}, expected more than 0 and less than 1"
    bin_hz = sample_rate_hz / framing.n_fft
    if block.fmin_hz < bin_hz:
        yield (
            f"the lowest contrast band ends at {block.fmin_hz:g} Hz and holds no bin of the "
            f"FFT beside 0 Hz, expected fmin_hz to be at least {bin_hz:g}"
        )
    highest_hz = block.fmin_hz * 2.0 ** (block.n_bands - 1)
    last_bin_hz = framing.n_fft // 2 * bin_hz
    if highest_hz >= last_bin_hz:
        yield (
            f"the highest contrast band begins at {highest_hz:g} Hz, expected less than "
            f"{last_bin_hz:g} Hz; lower fmin_hz or n_bands"
        )


def _pitch_problems(block: b.Pitch, framing: Framing, sample_rate_hz: int) -> Iterator[str]:
    if not 0 < block.fmin_hz < block.fmax_hz <= sample_rate_hz / 2:
        yield (
            f"the pitch lies from {block.fmin_hz:g} to {block.fmax_hz:g} Hz, "
            f"expected a rising span within 0 to {sample_rate_hz / 2:g} Hz"
        )
        return
    if sample_rate_hz / block.fmin_hz >= framing.n_fft // 2:
        yield (
            f"a frame of {framing.n_fft} samples holds less than two periods of "
            f"{block.fmin_hz:g} Hz; expected fmin_hz above {2 * sample_rate_hz / framing.n_fft:g}"
        )
    if sample_rate_hz / block.fmin_hz - sample_rate_hz / block.fmax_hz < 3:
        yield f"no three periods lie between {block.fmin_hz:g} and {block.fmax_hz:g} Hz"
    if block.trough_threshold <= 0:
        yield f"trough_threshold is {block.trough_threshold:g}, expected more than 0"


_POSITIVE: Mapping[type, tuple[str, ...]] = MappingProxyType(
    {b.Bandwidth: ("p",), b.Flatness: ("amin", "power"), b.Chroma: ("n_chroma",)}
)


def _scalar_problems(block: b.Static, framing: Framing) -> Iterator[str]:
    for name in _POSITIVE.get(type(block), ()):
        if getattr(block, name) <= 0:
            yield f"{name} is {getattr(block, name):g}, expected more than 0"
    if isinstance(block, b.Rolloff) and not 0 < block.percent < 1:
        yield f"percent is {block.percent:g}, expected more than 0 and less than 1"
    if isinstance(block, b.ZeroCrossings) and block.threshold < 0:
        yield f"threshold is {block.threshold:g}, expected at least 0"
    if isinstance(block, b.Chroma) and framing.n_fft % 2:
        yield f"n_fft is {framing.n_fft}, but chroma needs an even one"
