"""Features by librosa, every argument taken from the FeatureSpec: the training path and the oracle.

`edge.dsp` computes the same numbers on the device; `trainer.parity` holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import librosa
import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import (
    Block,
    Decibel,
    FeatureSpec,
    Image,
    Mel,
    MelBank,
    Mfcc,
    NoNorm,
    Norm,
    WindowMax,
)

FloatArray = NDArray[np.float32]

_STATISTICS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max}
)


def extract(samples: FloatArray, spec: FeatureSpec) -> FloatArray:
    """Compute the model's input for one window of sound.

    Parameters
    ----------
    samples : (n_samples,) float32 array
        Sound at ``spec.sample_rate_hz``; a short one is followed by digital silence, a long one is
        cut where the features are an image.
    spec : FeatureSpec

    Returns
    -------
    float32 array of ``spec.shape``
    """
    if isinstance(spec.layout, Image):
        window = samples[: spec.window_length]
        window = np.pad(window, (0, spec.window_length - len(window)))
        return normalise(frames_of(window, spec)[: spec.layout.n_frames], spec.norm)
    frames = frames_of(samples, spec)
    pooled = [_STATISTICS[name](frames, axis=0) for name in spec.layout.statistics]
    return normalise(np.concatenate(pooled).astype(np.float32), spec.norm)


def frames_of(samples: FloatArray, spec: FeatureSpec) -> FloatArray:
    """Compute the features of every frame, before layout and norm.

    Parameters
    ----------
    samples : (n_samples,) float32 array
        Sound at ``spec.sample_rate_hz``, at least one FFT long where frames are not centred.
    spec : FeatureSpec

    Returns
    -------
    (n_frames, spec.n_features) float32 array
    """
    columns = [_block(block, samples, spec) for block in spec.blocks]
    return np.concatenate(columns).T.astype(np.float32)


def normalise(features: FloatArray, norm: Norm) -> FloatArray:
    """Normalise one window, or many along leading axes, as `edge.dsp.normalise` does one.

    Parameters
    ----------
    features : (..., n_frames, n_features) float32 array
    norm : Norm

    Returns
    -------
    float32 array of the same shape
    """
    if isinstance(norm, NoNorm):
        return features
    axes = tuple(range(-min(features.ndim, 2), 0))
    if isinstance(norm, WindowMax):
        below_db = features - features.max(axis=axes, keepdims=True)
        return np.clip(below_db / norm.range_db * 2.0 + 1.0, -1.0, 1.0).astype(np.float32)
    over = axes if norm.over == "all" else axes[:1]
    deviation = np.maximum(features.std(axis=over, keepdims=True), norm.floor)
    return ((features - features.mean(axis=over, keepdims=True)) / deviation).astype(np.float32)


def _block(block: Block, samples: FloatArray, spec: FeatureSpec) -> FloatArray:
    power = _mel_power(samples, spec, block.mel)
    if isinstance(block, Mel):
        return power
    level_db = _to_db(power, block.decibel)
    if not isinstance(block, Mfcc):
        return level_db
    return librosa.feature.mfcc(
        S=level_db, n_mfcc=block.n_mfcc, dct_type=2, norm="ortho", lifter=block.lifter
    )


def _mel_power(samples: FloatArray, spec: FeatureSpec, mel: MelBank) -> FloatArray:
    framing = spec.framing
    centred = framing.padding != "none"
    return librosa.feature.melspectrogram(
        y=samples,
        sr=spec.sample_rate_hz,
        n_fft=framing.n_fft,
        win_length=framing.win_length,
        hop_length=framing.hop_length,
        window=framing.window,
        center=centred,
        pad_mode=framing.padding if centred else "constant",
        power=2.0,
        n_mels=mel.n_mels,
        fmin=mel.fmin_hz,
        fmax=mel.fmax_hz,
        htk=mel.scale == "htk",
        norm="slaney" if mel.norm == "slaney" else None,
    )


def _to_db(power: FloatArray, decibel: Decibel) -> FloatArray:
    ref = np.max if decibel.ref == "max" else 1.0
    return librosa.power_to_db(power, ref=ref, amin=decibel.amin, top_db=decibel.top_db)
