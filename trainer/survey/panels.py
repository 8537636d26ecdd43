"""How one row of pictures is drawn: what its numbers are called, their axes and their colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import librosa
import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from edge.contract import blocks as b
from edge.contract.spec import FeatureSpec
from trainer.survey.plots import INK
from trainer.survey.samples import frame_times_s

FloatArray = NDArray[np.floating]

RANGE_DB = 80.0
"""What is drawn below the loudest."""

_PITCH_CLASSES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_TICKS_HZ = (250, 500, 1000, 2000, 4000, 8000, 16000)
_N_ENVELOPE = 1200
"""Columns of a waveform: each shows the least and the greatest sample in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """What stands beside a row, and what its colours mean."""

    title: str
    axis: str
    """Of the y-axis, with its unit."""
    bar: str = ""
    """Of the colour bar, with its unit; a row without one has lines."""
    span: Literal["decibel", "share", "signed"] = "decibel"
    """What the colours span: `RANGE_DB` below the loudest, 0 to 1, or both sides of 0."""
    ticks: tuple[tuple[float, str], ...] = ()
    """Heights of an image, counted in its rows, that bear a label; none is about four of them."""
    first: int = 0
    """Number of an image's first row."""

    @property
    def colours(self) -> str:
        """Colour map; all of them are told apart with any kind of colour vision."""
        return {"decibel": "magma", "share": "cividis", "signed": "PuOr_r"}[self.span]


SPECTRUM = Style(title="spectrogram", axis="frequency in kHz", bar="dBFS")


def style_of(block: b.Block) -> Style:
    """Return how a block of features is drawn."""
    match block:
        case b.LogMel() | b.Mel():
            title = f"mel spectrogram\n{block.mel.n_mels} bands"
            return Style(title=title, axis="mel band in Hz", bar="dB", ticks=_mel_ticks(block.mel))
        case b.Mfcc():
            title = f"MFCC\n1 to {block.n_mfcc - 1}"
            return Style(title=title, axis="coefficient", bar="value", span="signed", first=1)
        case b.Chroma():
            title, ticks = f"chroma\n{block.n_chroma} classes", _chroma_ticks(block.n_chroma)
            return Style(
                title=title, axis="pitch class", bar="of the loudest", span="share", ticks=ticks
            )
        case b.Contrast():
            return Style(title="spectral contrast", axis="octave", bar="value", span="signed")
        case b.Delta():
            of = style_of(block.of)
            title = f"{'slope' if block.order == 1 else 'curvature'} of\n{of.title}"
            return Style(
                title=title,
                axis=of.axis,
                bar="a frame",
                span="signed",
                ticks=of.ticks,
                first=of.first,
            )
        case _:
            return _LINES[type(block)]


_LINES: dict[type, Style] = {
    b.ZeroCrossings: Style(title="zero crossings", axis="a sample"),
    b.Rms: Style(title="RMS", axis="full scale is 1"),
    b.Centroid: Style(title="spectral centroid", axis="Hz"),
    b.Bandwidth: Style(title="spectral bandwidth", axis="Hz"),
    b.Rolloff: Style(title="spectral rolloff", axis="Hz"),
    b.Flatness: Style(title="spectral flatness", axis="0 to 1"),
    b.Pitch: Style(title="pitch", axis="F0 in Hz"),
}


def shown(block: b.Block, features: FloatArray) -> FloatArray:
    """Return what is drawn of a block's features, both of shape (n_frames, width).

    Mel power becomes decibels. The first MFCC, the level, would drown the others in colour: it is
    left out. Of the pitch only the F0 stays, and not where nothing is voiced.
    """
    match block:
        case b.Mfcc() | b.Delta(of=b.Mfcc()):
            return features[:, 1:]
        case b.Mel():
            return 10 * np.log10(np.maximum(features, 1e-10))
        case b.Pitch():
            return np.where(features[:, :1] > 0, features[:, :1], np.nan)
        case _:
            return features


def colour_span(style: Style, all_values: Sequence[FloatArray]) -> tuple[float, float]:
    """Return the values of the first and the last colour, the same for a whole row."""
    if style.span == "share":
        return 0.0, 1.0
    joined = np.concatenate(all_values)
    if style.span == "decibel":
        return float(joined.max()) - RANGE_DB, float(joined.max())
    most = max(float(np.percentile(np.abs(joined), 98)), 1e-6)
    return -most, most


def waveform(axes: Axes, samples: FloatArray, *, sample_rate_hz: int) -> None:
    """Draw the least and the greatest sample of each column."""
    edges = np.unique(np.linspace(0, len(samples), _N_ENVELOPE + 1).astype(int)[:-1])
    low, high = np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)
    axes.fill_between(edges / sample_rate_hz, low, high, color=INK, linewidth=0.4)


def image(
    axes: Axes, values: FloatArray, spec: FeatureSpec, style: Style, span: tuple[float, float]
) -> AxesImage:
    """Draw values of shape (n_frames, width) as colours over time."""
    n_frames, width = values.shape
    heights = _heights(style, spec, width)
    drawn = axes.imshow(
        values.T,
        origin="lower",
        aspect="auto",
        extent=(*_edges_s(n_frames, spec), *heights),
        vmin=span[0],
        vmax=span[1],
        cmap=style.colours,
        interpolation="nearest",
    )
    if style.ticks:
        places, labels = zip(*style.ticks, strict=True)
        axes.set_yticks(places, labels)
    elif style is not SPECTRUM:
        axes.set_yticks(range(style.first, width + style.first, max(1, width // 4)))
    return drawn


def lines(axes: Axes, values: FloatArray, spec: FeatureSpec) -> None:
    """Draw values of shape (n_frames, width) as lines over time."""
    axes.plot(frame_times_s(len(values), spec), values, color=INK, linewidth=1.2)
    axes.grid(alpha=0.3)


def _heights(style: Style, spec: FeatureSpec, width: int) -> tuple[float, float]:
    if style is SPECTRUM:
        return 0.0, spec.sample_rate_hz / 2000
    return style.first - 0.5, style.first + width - 0.5


def _edges_s(n_frames: int, spec: FeatureSpec) -> tuple[float, float]:
    times, half = frame_times_s(n_frames, spec), spec.framing.hop_length / spec.sample_rate_hz / 2
    return float(times[0] - half), float(times[-1] + half)


def _mel_ticks(mel: b.MelBank) -> tuple[tuple[float, str], ...]:
    htk = mel.scale == "htk"
    centres = librosa.mel_frequencies(mel.n_mels + 2, fmin=mel.fmin_hz, fmax=mel.fmax_hz, htk=htk)
    within = [hz for hz in _TICKS_HZ if mel.fmin_hz <= hz <= mel.fmax_hz]
    # The centres begin one band before the first.
    places = np.interp(within, centres, np.arange(-1, mel.n_mels + 1))
    return tuple((float(place), str(hz)) for place, hz in zip(places, within, strict=True))


def _chroma_ticks(n_chroma: int) -> tuple[tuple[float, str], ...]:
    step = n_chroma / 12
    return tuple((number * step, _PITCH_CLASSES[number]) for number in (0, 2, 4, 5, 7, 9, 11))
