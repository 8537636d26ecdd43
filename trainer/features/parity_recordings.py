"""Parity on recordings: how far the device's features are from librosa's, block by block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import FeatureSpec
from edge.errors import AudioDataError, NoInputError
from trainer.features import parity
from trainer.sound import audio

_STREAMED = "  streamed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What came of one recording."""

    recording: Path
    differences: tuple[parity.Difference, ...] = ()
    """One for each block; then once more, by the stream, where the spec can be streamed."""
    trouble: str = ""
    """Why it cannot be read; empty where it can."""


def compare(path: Path, spec: FeatureSpec) -> Row:
    """Compare librosa with the edge, and with its stream, on one recording.

    One that cannot be read is a row that says so. Where frames are not centred, one shorter than
    an FFT is padded with silence, as the device pads it.
    """
    try:
        samples = audio.load(path, sample_rate_hz=spec.sample_rate_hz)
    except (AudioDataError, NoInputError) as error:
        return Row(recording=path, trouble=str(error))
    found = parity.compare(str(path), _at_least_a_frame(samples, spec), spec)
    return Row(recording=path, differences=tuple(found))


def header(spec: FeatureSpec, *, name_width: int) -> str:
    """Return the lines above the rows: the blocks, and how far each may be off.

    Parameters
    ----------
    spec : FeatureSpec
    name_width : int
        Characters of the longest recording's name.
    """
    kinds = [block.kind for block in spec.blocks]
    bounds = [f"{parity.bound_of(block):g}" for block in spec.blocks]
    lines = (("recording", kinds), ("at most", bounds))
    return "\n".join(_line(name, cells, name_width=name_width) for name, cells in lines)


def text(row: Row, spec: FeatureSpec, *, name_width: int) -> str:
    """Return the line of a recording, and a second one where the spec can be streamed."""
    if row.trouble:
        return f"{_name(str(row.recording), name_width)}  FAIL  {row.trouble}"
    n_blocks = len(spec.blocks)
    lines = [_differences(str(row.recording), row.differences[:n_blocks], name_width=name_width)]
    if spec.streamable:
        streamed = row.differences[n_blocks:]
        lines.append(_differences(_STREAMED, streamed, name_width=name_width))
    return "\n".join(lines)


def refuse(rows: Sequence[Row]) -> None:
    """Raise where a difference is beyond its bound, or a recording could not be read.

    Raises
    ------
    ParityError, AudioDataError
    """
    parity.refuse(found for row in rows for found in row.differences)
    n_unread = sum(bool(row.trouble) for row in rows)
    if n_unread:
        raise AudioDataError(
            f"{n_unread} of {len(rows)} recordings could not be read; the table says why"
        )


def _at_least_a_frame(samples: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float32]:
    shortest = spec.framing.n_fft if spec.framing.padding == "none" else 1
    return np.pad(samples, (0, max(0, shortest - len(samples))))


def _differences(name: str, found: Sequence[parity.Difference], *, name_width: int) -> str:
    verdict = "ok" if all(one.acceptable for one in found) else "FAIL"
    cells = [f"{one.largest:.1e}" for one in found]
    return f"{_line(name, cells, name_width=name_width)}  {verdict}"


def _line(name: str, cells: Sequence[str], *, name_width: int) -> str:
    return _name(name, name_width) + "".join(f"{cell:>11}" for cell in cells)


def _name(name: str, width: int) -> str:
    return name.ljust(max(width, len(_STREAMED)))
