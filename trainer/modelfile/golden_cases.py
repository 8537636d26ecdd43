"""The golden cases of a model: sounds, and what the edge's own code makes of them."""

from __future__ import annotations

from importlib import resources

import numpy as np
import soundfile
from numpy.typing import NDArray

from edge import dsp
from edge.contract.bundle import ModelBundle
from edge.contract.golden import GoldenCase
from edge.contract.spec import FeatureSpec
from edge.dsp.resample import resample
from edge.infer.classifier import EmotionClassifier
from trainer.features import parity

FloatArray = NDArray[np.float32]

_SPEECH_S = (2.0, 3.0)
_NOISE_S = 0.25


def golden_sounds(spec: FeatureSpec) -> dict[str, FloatArray]:
    """Return the sounds of the golden cases, at the model's rate, as 16-bit values."""
    rate_hz = spec.sample_rate_hz
    # Where frames are not centred, sound shorter than one makes none.
    n_samples = max(round(_NOISE_S * rate_hz), spec.framing.n_fft)
    nasty = parity.nasty_signals(sample_rate_hz=rate_hz, n_samples=n_samples)
    sounds = {
        "speech": bundled_speech(rate_hz),
        "silence": nasty["silence"],
        "near_silence": nasty["near silence"],
        "clipping": nasty["clipping"],
        "noise": nasty["noise"],
    }
    return {name: _as_16_bit(samples) for name, samples in sounds.items()}


def bundled_speech(sample_rate_hz: int) -> FloatArray:
    """Return a second of the synthetic speech that comes with the program."""
    file = resources.files("edge") / "samples" / "room.flac"
    with file.open("rb") as stream:
        samples, rate_hz = soundfile.read(stream, dtype="float32")
    first, end = (round(t * rate_hz) for t in _SPEECH_S)
    return resample(samples[first:end], rate_in_hz=rate_hz, rate_out_hz=sample_rate_hz)


def golden_cases(bundle: ModelBundle) -> tuple[GoldenCase, ...]:
    """Compute the golden cases of a model with the edge's own code."""
    classifier = EmotionClassifier(bundle)
    spec = bundle.manifest.features
    cases = []
    for name, samples in golden_sounds(spec).items():
        found = dsp.extract(samples, spec)
        cases.append(
            GoldenCase(name=name, samples=samples, features=found, logits=classifier.logits(found))
        )
    return tuple(cases)


def _as_16_bit(samples: FloatArray) -> FloatArray:
    steps = np.clip(np.rint(samples * 32768.0), -32768, 32767)
    return (steps / 32768.0).astype(np.float32)
