"""Which stage computes which block."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from edge.contract.spec import (
    Block,
    Chroma,
    Delta,
    FeatureSpec,
    LogMel,
    Mel,
    Mfcc,
    Pitch,
    Rms,
    ZeroCrossings,
)
from edge.dsp import cepstrum, chroma, mel, pitch, spectral, temporal
from edge.dsp.delta import delta
from edge.dsp.tile import FloatArray, Stage, product


def stage_of(block: Block, spec: FeatureSpec) -> Stage:
    """Return how a block is computed."""
    match block:
        case Delta():
            return _delta_stage(block, spec)
        case LogMel() | Mel() | Mfcc():
            return _mel_stage(block, spec)
        case Chroma():
            return chroma.stage(block, spec)
        case ZeroCrossings() | Rms():
            return temporal.stage(block)
        case Pitch():
            return pitch.stage(block, spec)
        case _:
            return spectral.stage(block, spec)


def _delta_stage(block: Delta, spec: FeatureSpec) -> Stage:
    inner = stage_of(block.of, spec)
    return Stage(
        key=inner.key,
        project=inner.project,
        needs_edges=inner.needs_edges,
        finish=lambda projected: delta(inner.finish(projected), block),
    )


def _mel_stage(block: LogMel | Mel | Mfcc, spec: FeatureSpec) -> Stage:
    weights = mel.mel_filterbank(
        block.mel, sample_rate_hz=spec.sample_rate_hz, n_fft=spec.framing.n_fft
    )
    bank = np.ascontiguousarray(weights.T)
    return Stage(
        key=block.mel,
        project=lambda tile: product(tile.power, bank),
        finish=_mel_finish(block),
    )


def _mel_finish(block: LogMel | Mel | Mfcc) -> Callable[[FloatArray], FloatArray]:
    if isinstance(block, Mel):
        return lambda power: power
    level = partial(cepstrum.power_to_db, decibel=block.decibel)
    if isinstance(block, LogMel):
        return level
    matrix = cepstrum.dct_matrix(n_mels=block.mel.n_mels, n_mfcc=block.n_mfcc)
    liftered = matrix * cepstrum.lifter_weights(n_mfcc=block.n_mfcc, lifter=block.lifter)
    return lambda power: product(level(power), liftered)
