"""From samples to what the model takes, in one call: the batch form of the front end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.contract.layouts import percentile
from edge.contract.spec import FeatureSpec, Image, Pooled
from edge.dsp.frames import frame_computer
from edge.dsp.normalise import normalise
from edge.errors import AudioDataError


def extract(samples: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float32]:
    """Turn sound into one window of features.

    Parameters
    ----------
    samples : ndarray, shape (n,), float32
        Mono sound at ``spec.sample_rate_hz``. For an image, sound shorter than the window is
        followed by digital silence, longer sound is cut; pooled features take all of it.

    Returns
    -------
    ndarray, shape `spec.shape`, float32

    Raises
    ------
    AudioDataError
        If the samples are not a finite float32 vector, or too short for a single frame.
    """
    check_samples(samples)
    if isinstance(spec.layout, Image):
        samples = _fit(samples, spec.window_length)
    frames = frames_of(samples, spec)
    if not len(frames):
        raise AudioDataError(
            f"the sound has {len(samples)} samples, expected at least one frame of "
            f"{spec.framing.n_fft}; take a longer recording"
        )
    return lay_out(frames, spec)


def frames_of(samples: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float32]:
    """Return the features of every frame, before layout and normalisation.

    Returns
    -------
    ndarray, shape (n_frames, spec.n_features), float32
    """
    return frame_computer(spec).clip(check_samples(samples))


def lay_out(frames: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float32]:
    """Normalise a window's frames and pool them where the spec asks for it."""
    normal = normalise(frames, spec.norm)
    return _pool(normal, spec.layout) if isinstance(spec.layout, Pooled) else normal


def check_samples(samples: object) -> NDArray[np.float32]:
    """Return the samples if they are a finite float32 vector, else say what they are."""
    if not isinstance(samples, np.ndarray) or samples.ndim != 1 or samples.dtype != np.float32:
        found = getattr(samples, "dtype", type(samples).__name__)
        shape = getattr(samples, "shape", ())
        raise AudioDataError(
            f"the sound is {found} of shape {shape}, expected float32 of shape (n,); "
            "decode it with edge.dsp.pcm"
        )
    if not np.isfinite(samples).all():
        first = int(np.flatnonzero(~np.isfinite(samples))[0])
        raise AudioDataError(
            f"sample {first} is {samples[first]}, expected a finite number; repair the recording"
        )
    return samples


def _fit(samples: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    if len(samples) >= length:
        return samples[:length]
    return np.pad(samples, (0, length - len(samples)))


def _pool(frames: NDArray[np.float32], layout: Pooled) -> NDArray[np.float32]:
    pooled = [_statistic(frames, name) for name in layout.statistics]
    return np.concatenate(pooled).astype(np.float32)


def _statistic(frames: NDArray[np.float32], name: str) -> NDArray[np.float64]:
    frames64 = frames.astype(np.float64)
    percent = percentile(name)
    if percent is not None:
        return np.asarray(np.percentile(frames64, percent, axis=0))
    return np.asarray(getattr(frames64, name)(axis=0))
