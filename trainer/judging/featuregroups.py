"""Which columns of a specification's features belong together, by names that people understand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from edge.contract.blocks import Block, Delta, LogMel, Mel, MelBank, Mfcc, block_width
from edge.contract.spec import FeatureSpec
from edge.dsp.mel import mel_edges_hz

N_COEFFICIENTS = 10
"""Cepstral coefficients in one group."""
BORDERS_HZ = (250, 500, 1000, 2000, 4000, 8000, 16000)
"""Mel bands are grouped by octaves, so that models with different banks can be compared."""

_NAMES = {"logmel": "log-mel", "zcr": "zero crossings"}
_DELTAS = {1: "delta of", 2: "second delta of"}


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureGroup:
    """Columns of a frame's features, with a name."""

    name: str
    columns: tuple[int, ...]
    """Ascending, 0 to ``spec.n_features - 1``."""


def groups_of(spec: FeatureSpec) -> list[FeatureGroup]:
    """Return the blocks of a specification and, of the wide ones, their parts.

    A block that is the only one is not listed as a whole: without it nothing would be left.
    """
    groups: list[FeatureGroup] = []
    first = 0
    for block in spec.blocks:
        whole = FeatureGroup(name=_name(block), columns=_range(first, block_width(block)))
        parts = [_moved(part, whole, first=first) for part in _parts(block)]
        groups += parts if parts and len(spec.blocks) == 1 else [whole, *parts]
        first += block_width(block)
    return groups


def _range(first: int, width: int) -> tuple[int, ...]:
    return tuple(range(first, first + width))


def _moved(part: FeatureGroup, whole: FeatureGroup, *, first: int) -> FeatureGroup:
    columns = tuple(first + column for column in part.columns)
    return replace(part, name=f"{whole.name} {part.name}", columns=columns)


def _name(block: Block) -> str:
    if isinstance(block, Delta):
        return f"{_DELTAS[block.order]} {_name(block.of)}"
    return _NAMES.get(block.kind, block.kind)


def _parts(block: Block) -> list[FeatureGroup]:
    """Return the parts of a block, counted from its own first column; none if it has only one."""
    match block:
        case Delta():
            return _parts(block.of)
        case Mfcc():
            parts = list(_coefficients(block.n_mfcc))
        case LogMel() | Mel():
            parts = list(_octaves(block.mel))
        case _:
            parts = []
    return parts if len(parts) > 1 else []


def _coefficients(n_mfcc: int) -> Iterator[FeatureGroup]:
    for first in range(0, n_mfcc, N_COEFFICIENTS):
        width = min(N_COEFFICIENTS, n_mfcc - first)
        yield FeatureGroup(name=f"{first + 1}-{first + width}", columns=_range(first, width))


def _octaves(bank: MelBank) -> Iterator[FeatureGroup]:
    """Group bands by the octave that their centre lies in."""
    centres_hz = mel_edges_hz(bank)[1:-1]
    octaves = np.searchsorted(BORDERS_HZ, centres_hz, side="right").tolist()
    for octave, columns in groupby(range(bank.n_mels), key=octaves.__getitem__):
        yield FeatureGroup(name=_octave_name(bank, octave), columns=tuple(columns))


def _octave_name(bank: MelBank, octave: int) -> str:
    borders_hz: NDArray[np.float64] = np.array([bank.fmin_hz, *BORDERS_HZ, bank.fmax_hz])
    low_hz, high_hz = np.clip(borders_hz, bank.fmin_hz, bank.fmax_hz)[octave : octave + 2]
    return f"{low_hz:g}-{high_hz:g} Hz"
