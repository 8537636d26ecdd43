"""Features by librosa, every argument from the FeatureSpec: the training path and the oracle.

`edge.dsp` computes the same numbers on the device; `trainer.features.parity` holds both together.
"""

from __future__ import annotations

from typing import Literal

import librosa
import numpy as np
from librosa.core.pitch import _cumulative_mean_normalized_difference
from numpy.typing import NDArray

from edge.contract.layouts import percentile
from edge.contract.spec import (
    Bandwidth,
    Block,
    Centroid,
    Chroma,
    Contrast,
    Decibel,
    Delta,
    FeatureSpec,
    Flatness,
    Image,
    LogMel,
    Mel,
    MelBank,
    Mfcc,
    Norm,
    Pitch,
    Rms,
    Rolloff,
    RunningStandard,
    SubtractMax,
    WindowMax,
    WindowStandard,
    ZeroCrossings,
)

FloatArray = NDArray[np.float32]


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
    frames = normalise(frames_of(samples, spec), spec.norm).astype(np.float64)
    pooled = [_statistic(frames, name) for name in spec.layout.statistics]
    return np.concatenate(pooled).astype(np.float32)


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
    axes = tuple(range(-min(features.ndim, 2), 0))
    match norm:
        case WindowMax():
            below_db = features - features.max(axis=axes, keepdims=True)
            return np.clip(below_db / norm.range_db * 2.0 + 1.0, -1.0, 1.0).astype(np.float32)
        case SubtractMax():
            sizes = features if norm.maximum == "value" else np.abs(features)
            return sizes.max(axis=axes, keepdims=True) - features
        case WindowStandard():
            over = axes if norm.over == "all" else axes[:1]
            deviation = np.maximum(features.std(axis=over, keepdims=True), norm.floor)
            centred = features - features.mean(axis=over, keepdims=True)
            return (centred / deviation).astype(np.float32)
        case RunningStandard():
            return _running_standard(features, norm)
        case _:
            return features


def _running_standard(features: FloatArray, norm: RunningStandard) -> FloatArray:
    """Follow the definition word by word: weighted sums over all frames so far, for each frame."""
    normal = np.zeros(features.shape, np.float32)
    weights = np.zeros(features.shape[-2])
    for t in range(features.shape[-2]):
        newest = 1.0 / min(t + 1, norm.n_frames)
        weights *= 1.0 - newest
        weights[t] = newest
        mean = np.einsum("t,...tf->...f", weights, features.astype(np.float64))
        squares = np.square(features - mean[..., None, :])
        deviation = np.sqrt(np.einsum("t,...tf->...f", weights, squares))
        normal[..., t, :] = (features[..., t, :] - mean) / np.maximum(deviation, norm.floor)
    return normal


def _statistic(frames: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    percent = percentile(name)
    if percent is not None:
        return np.percentile(frames, percent, axis=0)
    return getattr(np, name)(frames, axis=0)


def _block(block: Block, samples: FloatArray, spec: FeatureSpec) -> FloatArray:
    """Return a block's numbers as librosa lays them out, shape (width, n_frames)."""
    match block:
        case Delta():
            return _delta(_block(block.of, samples, spec), block)
        case LogMel() | Mel() | Mfcc():
            return _mel_block(block, samples, spec)
        case Chroma():
            return librosa.feature.chroma_stft(
                S=magnitude(samples, spec) ** (2 if block.spectrum == "power" else 1),
                sr=spec.sample_rate_hz,
                n_fft=spec.framing.n_fft,
                n_chroma=block.n_chroma,
                tuning=block.tuning,
                norm=np.inf,
            )
        case ZeroCrossings() | Rms() | Pitch():
            return _temporal_block(block, samples, spec)
        case _:
            return _shape_block(block, magnitude(samples, spec), spec)


def _mel_block(block: LogMel | Mel | Mfcc, samples: FloatArray, spec: FeatureSpec) -> FloatArray:
    power = _mel_power(samples, spec, block.mel)
    if isinstance(block, Mel):
        return power
    level_db = _to_db(power, block.decibel)
    if not isinstance(block, Mfcc):
        return level_db
    return librosa.feature.mfcc(
        S=level_db, n_mfcc=block.n_mfcc, dct_type=2, norm="ortho", lifter=block.lifter
    )


def _shape_block(
    block: Centroid | Bandwidth | Rolloff | Contrast | Flatness,
    magnitude: FloatArray,
    spec: FeatureSpec,
) -> FloatArray:
    known = {"S": magnitude, "sr": spec.sample_rate_hz, "n_fft": spec.framing.n_fft}
    match block:
        case Centroid():
            return librosa.feature.spectral_centroid(**known)
        case Bandwidth():
            return librosa.feature.spectral_bandwidth(**known, p=block.p, norm=True)
        case Rolloff():
            return librosa.feature.spectral_rolloff(**known, roll_percent=block.percent)
        case Contrast():
            return librosa.feature.spectral_contrast(
                **known,
                fmin=block.fmin_hz,
                n_bands=block.n_bands,
                quantile=block.quantile,
                linear=block.linear,
            )
        case Flatness():
            return librosa.feature.spectral_flatness(
                S=magnitude, amin=block.amin, power=block.power
            )


def _temporal_block(
    block: ZeroCrossings | Rms | Pitch, samples: FloatArray, spec: FeatureSpec
) -> FloatArray:
    cut = {
        "frame_length": spec.framing.n_fft,
        "hop_length": spec.framing.hop_length,
        "center": spec.framing.padding != "none",
    }
    pad_mode = _pad_mode(spec)
    match block:
        case ZeroCrossings():
            return librosa.feature.zero_crossing_rate(
                samples, **cut, threshold=block.threshold, zero_pos=block.zero_pos, pad=False
            )
        case Rms():
            return librosa.feature.rms(y=samples, **cut, pad_mode=pad_mode)
        case Pitch():
            return _pitch(block, samples, spec)


def _pitch(block: Pitch, samples: FloatArray, spec: FeatureSpec) -> FloatArray:
    """Return librosa's F0 and, since librosa keeps it to itself, the aperiodicity at its period."""
    framing, rate_hz = spec.framing, spec.sample_rate_hz
    if framing.padding != "none":
        samples = np.pad(samples, framing.n_fft // 2, mode=_pad_mode(spec))
    f0_hz = librosa.yin(
        samples,
        fmin=block.fmin_hz,
        fmax=block.fmax_hz,
        sr=rate_hz,
        frame_length=framing.n_fft,
        hop_length=framing.hop_length,
        trough_threshold=block.trough_threshold,
        center=False,
    )
    frames = librosa.util.frame(samples, frame_length=framing.n_fft, hop_length=framing.hop_length)
    silent = np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=0)) <= block.voicing_rms
    lag = np.rint(rate_hz / f0_hz).astype(int)
    difference = _cumulative_mean_normalized_difference(frames, 1, framing.n_fft // 2)
    aperiodicity = np.where(silent, 1.0, difference[lag - 1, np.arange(len(lag))])
    voiced = ~silent & (aperiodicity < block.voicing_threshold)
    return np.stack([np.where(voiced, f0_hz, 0.0), aperiodicity])


def _delta(features: FloatArray, block: Delta) -> FloatArray:
    enough = features.shape[-1] >= block.width
    return librosa.feature.delta(
        features, width=block.width, order=block.order, mode="interp" if enough else "nearest"
    )


def magnitude(samples: FloatArray, spec: FeatureSpec) -> FloatArray:
    """Return the magnitude spectrum of every frame, shape (n_fft // 2 + 1, n_frames)."""
    framing = spec.framing
    return np.abs(
        librosa.stft(
            samples,
            n_fft=framing.n_fft,
            win_length=framing.win_length,
            hop_length=framing.hop_length,
            window=framing.window,
            center=framing.padding != "none",
            pad_mode=_pad_mode(spec),
        )
    )


def _mel_power(samples: FloatArray, spec: FeatureSpec, mel: MelBank) -> FloatArray:
    return librosa.feature.melspectrogram(
        S=np.square(magnitude(samples, spec)),
        sr=spec.sample_rate_hz,
        n_fft=spec.framing.n_fft,
        n_mels=mel.n_mels,
        fmin=mel.fmin_hz,
        fmax=mel.fmax_hz,
        htk=mel.scale == "htk",
        norm="slaney" if mel.norm == "slaney" else None,
    )


def _pad_mode(spec: FeatureSpec) -> Literal["reflect", "constant"]:
    return "constant" if spec.framing.padding == "none" else spec.framing.padding


def _to_db(power: FloatArray, decibel: Decibel) -> FloatArray:
    ref = np.max if decibel.ref == "max" else 1.0
    return librosa.power_to_db(power, ref=ref, amin=decibel.amin, top_db=decibel.top_db)
