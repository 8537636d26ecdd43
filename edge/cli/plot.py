"""The picture of `ser-edge analyze --plot`: waveform, mel spectrogram, probabilities over time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.analysis import ClipAnalysis
from edge.contract.labels import EMOTIONS, SEXES
from edge.dsp import frames_of
from edge.dsp.picture import picture_spec
from edge.dsp.resample import resample
from edge.errors import OutputError, UsageError
from edge.stream.blocks import AudioBlock

# Okabe and Ito (2008): told apart with any kind of colour vision. No model has both label sets.
COLOURS: Final = dict(
    zip(
        (*EMOTIONS, *SEXES),
        (
            "#56B4E9", "#F0E442", "#0072B2", "#D55E00",
            "#CC79A7", "#009E73", "#E69F00", "#888888",
            "#E69F00", "#0072B2",
        ),
        strict=True,
    )
)  # fmt: skip

_N_BANDS: Final = 80
_N_ENVELOPE: Final = 2000
"""Columns of the waveform: each shows the least and the greatest sample in it."""


def draw(target: Path, *, title: str, blocks: Iterable[AudioBlock], analysis: ClipAnalysis) -> None:
    """Draw one recording into a PNG (or whatever the ending of `target` says).

    Raises
    ------
    UsageError
        If matplotlib is not installed, or the ending is unknown to it.
    OutputError
        If the picture cannot be written.
    """
    figure, (wave, mel, answers) = _figure()
    samples, rate_hz = _joined(blocks)
    _draw_waveform(wave, samples, rate_hz)
    _draw_mel(mel, samples, rate_hz)
    _draw_probabilities(answers, analysis)
    answers.set_xlim(0, max(analysis.duration_s, 0.1))
    figure.suptitle(f"{Path(title).name}: {_verdict(analysis)}", x=0.08, ha="left", weight="bold")
    try:
        figure.savefig(target, dpi=150)
    except OSError as error:
        raise OutputError(f"{target}: the plot cannot be written: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{target}: {error}") from error


def _figure() -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "--plot needs matplotlib, which is not installed; "
            "pip install 'speech-emotion-edge[plot]'"
        ) from error
    figure = Figure(figsize=(10, 7), layout="constrained")
    return figure, figure.subplots(3, 1, sharex=True, height_ratios=(1, 1.6, 2))


def _joined(blocks: Iterable[AudioBlock]) -> tuple[NDArray[np.float32], int]:
    pieces = list(blocks)
    return np.concatenate([b.samples for b in pieces]), pieces[0].sample_rate_hz


def _draw_waveform(axes: Any, samples: NDArray[np.float32], rate_hz: int) -> None:
    edges = np.linspace(0, len(samples), min(_N_ENVELOPE, len(samples)) + 1).astype(int)[:-1]
    low, high = np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)
    axes.fill_between(edges / rate_hz, low, high, color="#333333", linewidth=0)
    axes.set(ylabel="amplitude", ylim=(-1.05, 1.05))


def _draw_mel(axes: Any, samples: NDArray[np.float32], rate_hz: int) -> None:
    spec = picture_spec(_N_BANDS)
    at_rate = resample(samples, rate_in_hz=rate_hz, rate_out_hz=spec.sample_rate_hz)
    frames = frames_of(np.pad(at_rate, (0, spec.framing.n_fft)), spec)
    step = max(1, len(frames) // _N_ENVELOPE)
    end_s = len(frames) * spec.framing.hop_length / spec.sample_rate_hz
    top_db = float(frames.max())
    axes.imshow(
        frames[::step].T,
        origin="lower",
        aspect="auto",
        extent=(0, end_s, 0, spec.n_features),
        vmin=top_db - 70,
        vmax=top_db,
        cmap="magma",
        interpolation="nearest",
    )
    axes.set(ylabel="mel band")


def _draw_probabilities(axes: Any, analysis: ClipAnalysis) -> None:
    rate_hz = analysis.sample_rate_hz
    # A window's probabilities stand at the middle of what it heard.
    centres_s = [
        (w.start_sample / rate_hz + min(w.end_sample / rate_hz, analysis.duration_s)) / 2
        for w in analysis.windows
    ]
    for label in analysis.probabilities:
        heights = [
            w.probabilities[label] if w.is_speech and w.probabilities else np.nan
            for w in analysis.windows
        ]
        strong = label == analysis.label
        axes.plot(
            centres_s,
            heights,
            color=COLOURS[label],
            linewidth=3 if strong else 1.5,
            marker="o",
            markersize=4,
            label=label,
        )
    axes.set(xlabel="time in s (middle of each window)", ylabel="probability", ylim=(0, 1))
    axes.grid(alpha=0.3)
    if analysis.probabilities:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    else:
        axes.text(0.5, 0.5, "no speech", transform=axes.transAxes, ha="center", va="center")


def _verdict(analysis: ClipAnalysis) -> str:
    if analysis.label is None:
        return "no speech"
    return f"{analysis.label} {analysis.confidence:.0%}"
