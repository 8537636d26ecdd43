"""A recording as pictures: its waveform, its mel spectrogram, its emotions over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from edge.contract.spec import FeatureSpec
from edge.dashboard.drawing.shapes import symbol_at
from edge.dsp import frames_of
from edge.dsp.picture import picture_spec
from edge.dsp.resample import resample

WIDTH: Final = 600
"""All three pictures stand above each other: one time axis."""

_WAVE_HEIGHT: Final = 60
_N_COLUMNS: Final = 200
_N_BANDS: Final = 40
_N_SHADES: Final = 8
_FRAMES_AT_ONCE: Final = 4096
_RANGE_DB: Final = 60.0
_CELL_WIDTH: Final = WIDTH // _N_COLUMNS
_CELL_HEIGHT: Final = 3
_LINES_HEIGHT: Final = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One emotion's probability over time; None where nobody speaks."""

    state: str
    points: tuple[tuple[float, float | None], ...]
    """Second and probability."""
    is_strong: bool = False
    """Whether it is the likeliest of the whole recording."""


def waveform(samples: NDArray[np.float32]) -> Markup:
    """Draw the least and the greatest sample in each of a few hundred stretches."""
    starts = np.unique(np.linspace(0, len(samples), WIDTH + 1).astype(int)[:-1])
    middle = _WAVE_HEIGHT / 2
    highs = middle - middle * np.clip(np.maximum.reduceat(samples, starts), -1, 1)
    lows = middle - middle * np.clip(np.minimum.reduceat(samples, starts), -1, 1)
    at = starts * (WIDTH / len(samples))
    upper = [f"{x:.0f} {y:.0f}" for x, y in zip(at, highs, strict=True)]
    lower = [f"{x:.0f} {y:.0f}" for x, y in zip(at[::-1], lows[::-1], strict=True)]
    return _picture(
        _WAVE_HEIGHT,
        Markup('<path class="wave" d="M{}z"/>').format("L".join([*upper, *lower])),
        kind="wave",
    )


def spectrogram(samples: NDArray[np.float32], sample_rate_hz: int) -> Markup:
    """Draw the loudest moment of each of 40 mel bands in each of 200 stretches, in 8 shades."""
    shades = _shades(_mel_db(samples, sample_rate_hz))
    paths = [
        Markup('<path class="m{}" d="{}"/>').format(shade, _cells(shades == shade))
        for shade in range(1, _N_SHADES)
        if (shades == shade).any()
    ]
    return _picture(_N_BANDS * _CELL_HEIGHT, Markup("").join(paths), kind="mel")


def emotions(lines: Iterable[Line], duration_s: float) -> Markup:
    """Draw each emotion's probability as a line with its shapes on it."""
    scale = WIDTH / max(duration_s, 0.1)
    levels = Markup("").join(
        Markup('<path class="level" d="M0 {0:.0f}h{1}"/>').format(_height_of(share), WIDTH)
        for share in (0.25, 0.5, 0.75)
    )
    drawn = [_line(line, scale) for line in sorted(lines, key=lambda line: line.is_strong)]
    return _picture(_LINES_HEIGHT, Markup("").join([levels, *drawn]), kind="lines")


def _picture(height: int, inside: Markup, *, kind: str) -> Markup:
    return Markup(
        '<svg class="clip {}" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>'
    ).format(kind, WIDTH, height, inside)


def _mel_db(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Return decibels, shape (bands, columns)."""
    spec = picture_spec(_N_BANDS)
    at_rate = resample(samples, rate_in_hz=rate_hz, rate_out_hz=spec.sample_rate_hz)
    frames = np.concatenate(list(_frames(at_rate, spec)))
    starts = np.linspace(0, len(frames), _N_COLUMNS + 1).astype(int)[:-1]
    # A short recording has fewer frames than columns: a frame may then stand in several.
    return np.maximum.reduceat(frames, np.minimum(starts, len(frames) - 1), axis=0).T


def _frames(samples: NDArray[np.float32], spec: FeatureSpec) -> Iterator[NDArray[np.float32]]:
    """Yield the frames some thousand at a time: ten minutes at once would take 250 MB."""
    n_fft, hop = spec.framing.n_fft, spec.framing.hop_length
    n_frames = len(samples) // hop + 1
    for first in range(0, n_frames, _FRAMES_AT_ONCE):
        n = min(_FRAMES_AT_ONCE, n_frames - first)
        piece = samples[first * hop : (first + n - 1) * hop + n_fft]
        missing = (n - 1) * hop + n_fft - len(piece)
        yield frames_of(np.pad(piece, (0, missing)), spec)


def _shades(decibels: NDArray[np.float32]) -> NDArray[np.int_]:
    below_top = np.clip((decibels - decibels.max()) / _RANGE_DB + 1, 0, 1)
    return np.minimum((below_top * _N_SHADES).astype(int), _N_SHADES - 1)


def _cells(wanted: NDArray[np.bool_]) -> str:
    """Return boxes around the runs of wanted cells; the lowest band is the first row."""
    parts = []
    for row, cells in enumerate(wanted):
        y = (_N_BANDS - 1 - row) * _CELL_HEIGHT
        for begin, end in _runs(cells):
            width = (end - begin) * _CELL_WIDTH
            parts.append(f"M{begin * _CELL_WIDTH} {y}h{width}v{_CELL_HEIGHT}h-{width}z")
    return "".join(parts)


def _runs(cells: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], cells.astype(np.int8), [0]))))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _line(line: Line, scale: float) -> Markup:
    strokes = "".join(
        f"M{'L'.join(f'{at_s * scale:.0f} {_height_of(share):.0f}' for at_s, share in run)}"
        for run in _unbroken(line.points)
    )
    shapes = Markup("").join(
        symbol_at(line.state, at_s * scale, _height_of(share), 11 if line.is_strong else 8)
        for at_s, share in _sparse(line.points)
    )
    strength = " strong" if line.is_strong else ""
    return Markup('<g class="line{}"><path class="l-{}" d="{}"/>{}</g>').format(
        strength, line.state, strokes, shapes
    )


def _height_of(share: float) -> float:
    return 8 + (1 - share) * (_LINES_HEIGHT - 16)


def _unbroken(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for at_s, share in points:
        if share is None:
            runs.append([])
        else:
            runs[-1].append((at_s, share))
    return [run for run in runs if run]


def _sparse(points: Sequence[tuple[float, float | None]]) -> list[tuple[float, float]]:
    """Return so few of the points that their shapes do not run into each other."""
    step = max(1, len(points) // 30)
    return [(at_s, share) for at_s, share in points[::step] if share is not None]
