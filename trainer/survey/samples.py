"""Which recordings stand for a corpus in its pictures, and the numbers that are drawn of them."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import Block, FeatureSpec
from trainer.features import oracle
from trainer.features.oracle import magnitude
from trainer.sound import audio
from trainer.survey.checks import fault_of
from trainer.survey.scan import CorpusScan, Examined

FloatArray = NDArray[np.float32]

_LEAST_AMPLITUDE = 1e-10


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of pictures: one block of features of every sample."""

    spec: FeatureSpec
    block: Block

    def of(self, samples: FloatArray) -> FloatArray:
        """Compute the block by librosa, shape (n_frames, width of the block)."""
        alone = dataclasses.replace(self.spec, blocks=(self.block,))
        return oracle.frames_of(long_enough(samples, self.spec), alone)


def rows_of(specs: Sequence[FeatureSpec]) -> list[Row]:
    """Return a row for every block of the specifications."""
    return [Row(spec=spec, block=block) for spec in specs for block in spec.blocks]


def one_of_each_emotion(corpus: CorpusScan) -> list[Examined]:
    """Choose a recording of each emotion, by one speaker and of one text as far as there are.

    Recordings that cannot be used are passed over; an emotion without a usable one is left out.
    """
    usable = [item for item in corpus.examined if not fault_of(item)]
    emotions = defaultdict(set)
    for item in usable:
        emotions[item.utterance.speaker, item.utterance.text].add(item.utterance.emotion)
    if not emotions:
        return []
    speaker, text = min(sorted(emotions), key=lambda key: -len(emotions[key]))

    def strangeness(item: Examined) -> tuple[bool, bool, str]:
        return item.utterance.speaker != speaker, item.utterance.text != text, item.file

    candidates = [[i for i in usable if i.utterance.emotion == e] for e in corpus.emotions]
    return [min(those, key=strangeness) for those in candidates if those]


def sound_of(item: Examined, spec: FeatureSpec) -> FloatArray:
    """Read a recording at the rate of a specification, shape (n_samples,)."""
    return audio.load(item.utterance.path, sample_rate_hz=spec.sample_rate_hz)


def long_enough(samples: FloatArray, spec: FeatureSpec) -> FloatArray:
    """Follow sound that is shorter than one frame by silence."""
    return np.pad(samples, (0, max(0, spec.framing.n_fft - len(samples))))


def spectrogram_dbfs(samples: FloatArray, spec: FeatureSpec) -> FloatArray:
    """Return the spectrum of every frame, shape (n_frames, n_fft // 2 + 1).

    A sine of full scale in the middle of a bin has 0 dBFS there.
    """
    amplitude = magnitude(long_enough(samples, spec), spec).T
    # A sine's peak is half the sum of the window; that of a Hann window is half its length.
    full_scale = spec.framing.win_length / 4
    return 20 * np.log10(np.maximum(amplitude / full_scale, _LEAST_AMPLITUDE))


def frame_times_s(n_frames: int, spec: FeatureSpec) -> NDArray[np.float64]:
    """Return the middle of each frame, in seconds since the beginning of the sound."""
    framing = spec.framing
    first = framing.n_fft / 2 if framing.padding == "none" else 0.0
    return (first + np.arange(n_frames) * framing.hop_length) / spec.sample_rate_hz


def picture_specs() -> tuple[FeatureSpec, ...]:
    """Return what is drawn where no recipe is named: log-mel and MFCC; chroma of longer frames."""
    decibel = {"amin": 1e-10, "ref": "one", "top_db": None}
    mel = {"n_mels": 64, "fmin_hz": 0.0, "fmax_hz": 8000.0, "scale": "slaney", "norm": "slaney"}
    voice: list[dict[str, object]] = [
        {"kind": "logmel", "mel": mel, "decibel": decibel},
        {"kind": "mfcc", "n_mfcc": 20, "lifter": 0, "mel": mel, "decibel": decibel},
    ]
    # Twelve semitones of a low voice lie closer than a frame of 32 ms can tell apart.
    pitch: list[dict[str, object]] = [
        {"kind": "chroma", "n_chroma": 12, "spectrum": "power", "tuning": 0.0}
    ]
    return _picture_spec(voice, n_fft=512), _picture_spec(pitch, n_fft=2048)


def _picture_spec(blocks: Sequence[dict[str, object]], *, n_fft: int) -> FeatureSpec:
    return FeatureSpec.from_dict(
        {
            "sample_rate_hz": 16000,
            "framing": {
                "n_fft": n_fft,
                "win_length": n_fft,
                "hop_length": 160,
                "window": "hann",
                "padding": "constant",
            },
            "blocks": blocks,
            "layout": {"kind": "image", "n_frames": 2},
            "norm": {"kind": "none"},
        }
    )
