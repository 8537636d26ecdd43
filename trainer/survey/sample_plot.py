"""The picture of a corpus' sounds: a column for each emotion, a row for each way to look at it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edge.contract.spec import FeatureSpec
from trainer.survey import panels, samples
from trainer.survey.panels import Style
from trainer.survey.plots import GREY, LOOK, set_title
from trainer.survey.scan import CorpusScan, Examined

FloatArray = NDArray[np.float32]
AxesRow = NDArray[np.object_]

_COLUMN_IN = 2.5
_IMAGE_IN = 1.9
_LINES_IN = 1.1
_LONGEST_NAME = 28


def draw(corpus: CorpusScan, chosen: Sequence[Examined], specs: Sequence[FeatureSpec]) -> Figure:
    """Draw waveform, spectrogram and features of recordings.

    Parameters
    ----------
    corpus : CorpusScan
    chosen : sequence of Examined
        At least one; see `samples.one_of_each_emotion`.
    specs : sequence of FeatureSpec
        Of one sample rate. Their blocks become rows; the spectrogram is framed as the first says.

    Raises
    ------
    AudioDataError
        If a recording cannot be read.
    """
    rows = samples.rows_of(specs)
    styles = [panels.style_of(row.block) for row in rows]
    heights_in = [
        _LINES_IN,
        *(_IMAGE_IN if s.bar else _LINES_IN for s in (panels.SPECTRUM, *styles)),
    ]
    sounds = [samples.sound_of(item, specs[0]) for item in chosen]
    with mpl.rc_context(LOOK):
        figure = Figure(
            figsize=(max(11, 2.2 + _COLUMN_IN * len(chosen)), 1.6 + sum(heights_in)),
            layout="constrained",
        )
        grid = figure.subplots(
            len(heights_in), len(chosen), sharex=True, sharey="row", squeeze=False,
            height_ratios=heights_in,
        )  # fmt: skip
        _draw_waveforms(grid[0], chosen, sounds, sample_rate_hz=specs[0].sample_rate_hz)
        spectra = [samples.spectrogram_dbfs(sound, specs[0]) for sound in sounds]
        _draw_row(figure, grid[1], panels.SPECTRUM, spectra, specs[0])
        for axes, row, style in zip(grid[2:], rows, styles, strict=True):
            values = [panels.shown(row.block, row.of(sound)) for sound in sounds]
            _draw_row(figure, axes, style, values, row.spec)
        figure.align_ylabels(grid[:, 0])
        longest_s = max(map(len, sounds)) / specs[0].sample_rate_hz
        for axes in grid[-1]:
            axes.set(xlabel="time in s", xlim=(0, longest_s))
        set_title(
            figure, f"{corpus.title}: one clip of each emotion", _subtitle(corpus, chosen, specs)
        )
    return figure


def _draw_waveforms(
    row: AxesRow, chosen: Sequence[Examined], sounds: Sequence[FloatArray], *, sample_rate_hz: int
) -> None:
    for axes, item, sound in zip(row, chosen, sounds, strict=True):
        panels.waveform(axes, sound, sample_rate_hz=sample_rate_hz)
        axes.set_title(item.utterance.emotion, loc="left", weight="bold", pad=20)
        axes.annotate(
            _short(PurePath(item.file).name), (0, 1), (0, 6), xycoords="axes fraction",
            textcoords="offset points", fontsize=9, color=GREY,
        )  # fmt: skip
    _name_row(row[0], "waveform", "amplitude")


def _draw_row(
    figure: Figure, row: AxesRow, style: Style, values: Sequence[FloatArray], spec: FeatureSpec
) -> None:
    _name_row(row[0], style.title, style.axis)
    if not style.bar:
        for axes, those in zip(row, values, strict=True):
            panels.lines(axes, those, spec)
        return
    span = panels.colour_span(style, values)
    drawn = [
        panels.image(axes, those, spec, style, span)
        for axes, those in zip(row, values, strict=True)
    ]
    figure.colorbar(drawn[0], ax=list(row), pad=0.01, aspect=12, label=style.bar)


def _name_row(axes: Axes, title: str, unit: str) -> None:
    axes.set_ylabel(unit)
    axes.annotate(
        title, (0, 0.5), (-64, 0), xycoords="axes fraction", textcoords="offset points",
        ha="right", va="center", weight="bold",
    )  # fmt: skip


def _subtitle(corpus: CorpusScan, chosen: Sequence[Examined], specs: Sequence[FeatureSpec]) -> str:
    speakers = sorted({item.utterance.speaker for item in chosen})
    framing = specs[0].framing
    frame_ms, hop_ms = (
        1000 * n / specs[0].sample_rate_hz for n in (framing.win_length, framing.hop_length)
    )
    return (
        f"{corpus.name}, {', '.join(speakers)}; at {specs[0].sample_rate_hz / 1000:g} kHz, "
        f"frames of {frame_ms:g} ms every {hop_ms:g} ms; colours mean the same along a row"
    )


def _short(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    half = (_LONGEST_NAME - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
