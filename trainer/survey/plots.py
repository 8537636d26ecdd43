"""Pictures of a whole corpus: how many clips of what, and how long they are."""

from __future__ import annotations

import io
import warnings
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from edge.contract.labels import EMOTIONS
from trainer.survey import balance
from trainer.survey.scan import CorpusScan

INK = "#333333"
GREY = "#777777"

# Okabe and Ito (2008): told apart with any kind of colour vision.
COLOURS = dict(
    zip(
        EMOTIONS,
        (
            "#56B4E9", "#F0E442", "#0072B2", "#D55E00",
            "#CC79A7", "#009E73", "#E69F00", "#888888",
        ),
        strict=True,
    )
)  # fmt: skip
"""A colour for each emotion."""

LOOK: Any = {
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    # A dollar in a file's name is no formula.
    "text.parse_math": False,
}
"""Settings of matplotlib that all pictures share."""

_DPI = 110
_MOST_BINS = 40

_MANY_SPEAKERS = 40
"""From here on rows are low and names are small."""


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG file."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; that is no reason for a warning.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()


def set_title(figure: Figure, title: str, subtitle: str) -> None:
    """Put a title and a line below it at the upper left, and some air around everything."""
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.06)
    figure.suptitle(f"{title}\n", x=0.01, ha="left", weight="bold", fontsize=16)
    figure.text(0.01, 1 - 0.42 / figure.get_figheight(), subtitle, color=GREY, va="top")


def counts(corpus: CorpusScan) -> Figure:
    """Draw how many clips each speaker has of each emotion, and the sums of both."""
    table = balance.clips(corpus)
    cells = np.array([[row[emotion] for emotion in corpus.emotions] for row in table.values()])
    row_in = 0.3 if len(table) < _MANY_SPEAKERS else 0.17
    with mpl.rc_context(LOOK):
        figure = Figure(figsize=(11, 3.2 + row_in * len(table)), layout="constrained")
        grid = figure.subplots(
            2, 2, sharex="col", sharey="row", width_ratios=(4, 1),
            height_ratios=(1.6, max(1.2, row_in * len(table))),
        )  # fmt: skip
        (by_emotion, corner), (cells_axes, by_speaker) = grid
        corner.set_axis_off()
        _draw_cells(cells_axes, cells, list(table), corpus.emotions)
        _draw_sums(by_emotion, by_speaker, cells, corpus.emotions)
        n_clips, n_speakers = _counted(int(cells.sum()), "clip"), _counted(len(table), "speaker")
        told = f"{corpus.name}: {n_clips}, {n_speakers}"
        set_title(figure, f"{corpus.title}: clips by emotion and speaker", told)
    return figure


def durations(corpus: CorpusScan) -> Figure:
    """Draw a histogram of the clips' lengths for each emotion, all with the same axes."""
    lengths_s = {
        emotion: [
            item.sound.duration_s
            for item in corpus.examined
            if item.sound and item.utterance.emotion == emotion
        ]
        for emotion in corpus.emotions
    }
    all_s = np.concatenate(list(lengths_s.values()))
    edges_s = np.histogram_bin_edges(all_s, int(np.clip(len(all_s) // 4, 8, _MOST_BINS)))
    with mpl.rc_context(LOOK):
        figure = Figure(figsize=(9, 1.8 + 1.05 * len(lengths_s)), layout="constrained")
        grid = figure.subplots(len(lengths_s), 1, sharex=True, sharey=True, squeeze=False)
        for axes, (emotion, those_s) in zip(grid[:, 0], lengths_s.items(), strict=True):
            _draw_histogram(axes, emotion, those_s, edges_s)
        grid[-1, 0].set_xlabel("duration in s")
        figure.supylabel("clips", fontsize=11)
        n_clips = _counted(len(all_s), "clip")
        told = f"{corpus.name}: {n_clips}; the line is the median"
        set_title(figure, f"{corpus.title}: durations", told)
    return figure


def _draw_cells(
    axes: Axes, cells: NDArray[np.int_], speakers: list[str], emotions: tuple[str, ...]
) -> None:
    colours = mpl.colormaps["Blues"].with_extremes(bad="white")
    most = max(1, int(cells.max()))
    axes.imshow(
        np.ma.masked_equal(cells, 0), cmap=colours, vmin=0, vmax=most, aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    axes.set_xticks(range(len(emotions)), emotions)
    axes.set_yticks(range(len(speakers)), speakers)
    size = 11 if len(speakers) < _MANY_SPEAKERS else 7
    axes.tick_params(length=0)
    axes.tick_params(axis="y", labelsize=size)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for (row, column), n in np.ndenumerate(cells):
        colour = "white" if n > 0.6 * most else "black" if n else COLOURS["angry"]
        axes.text(
            column, row, str(n), color=colour, weight="normal" if n else "bold", fontsize=size,
            ha="center", va="center",
        )  # fmt: skip


def _draw_sums(
    by_emotion: Axes, by_speaker: Axes, cells: NDArray[np.int_], emotions: tuple[str, ...]
) -> None:
    sums = cells.sum(axis=0)
    bars = by_emotion.bar(
        range(len(emotions)), sums, color=[COLOURS[e] for e in emotions], edgecolor=INK,
        linewidth=0.6,
    )  # fmt: skip
    by_emotion.bar_label(bars, padding=2)
    by_emotion.set_ylabel("clips")
    by_emotion.tick_params(axis="x", length=0, labelbottom=False)
    by_emotion.margins(y=0.15)
    rows = by_speaker.barh(range(len(cells)), cells.sum(axis=1), color=GREY, height=0.75)
    by_speaker.bar_label(rows, padding=3, fontsize=11 if len(cells) < _MANY_SPEAKERS else 7)
    by_speaker.set_xlabel("clips")
    by_speaker.tick_params(axis="y", length=0, labelleft=False)
    by_speaker.margins(x=0.2)


def _draw_histogram(
    axes: Axes, emotion: str, lengths_s: list[float], edges_s: NDArray[np.float64]
) -> None:
    axes.hist(
        lengths_s, bins=edges_s.tolist(), color=COLOURS[emotion], edgecolor=INK, linewidth=0.5
    )
    text = _counted(len(lengths_s), "clip")
    if lengths_s:
        median_s = float(np.median(lengths_s))
        axes.axvline(median_s, color=INK, linewidth=2)
        text += f"\nmedian {median_s:.2f} s"
    axes.text(1.01, 0.62, emotion, transform=axes.transAxes, weight="bold")
    axes.text(1.01, 0.56, text, transform=axes.transAxes, va="top", linespacing=1.4)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))


def _counted(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
