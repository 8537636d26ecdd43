"""Fit the small network of the speech gate and print `edge/stream/vad_weights.py`.

Usage: python -m benchmarks.gate_fit [--data DIR] > edge/stream/vad_weights.py

Fitted on the "fit" part of gate_material only, whose licences allow any use: six speakers of EmoDB
and one of CMU Arctic, in their own and in changed voices; ESC-10 fold 1, the first halves of the
noise recordings, rendered music and coloured noise as the rest. Baby cries and the miaowing man
are left out: they are human voices. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing
from scipy.signal import resample_poly
from sklearn.neural_network import MLPClassifier

from benchmarks.gate_material import (
    RATE_HZ,
    TRUTH_LENGTH,
    Samples,
    Speech,
    coloured,
    gain,
    mixed,
    music,
    noises,
    read,
    recorded,
    reverberant,
    speech_files,
    stream,
    truth_of,
)
from benchmarks.gate_voices import other_voice
from edge.stream.vad_measures import FrameMeasures, RecentPast

N_HIDDEN = 12
SEED = 11
HUMAN = ("ESC-10 baby cry", "dude miaowing")
TOO_SHORT_TO_MIX = ("ESC-10 dog bark", "ESC-10 person sneeze", "ESC-10 rooster")
N_SPEECH_ROUNDS, N_CLEAN_ROUNDS, N_NOISE_ROUNDS = 6, 2, 12
N_TUNES = 6
CHANGED_VOICE_SHARE = 0.6
Case = tuple[NDArray[np.float32], NDArray[np.bool_]]
"""Sound and its truth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """What the fit may hear: clips of each speaker, sounds of each kind, responses of rooms."""

    voices: list[list[Samples]]
    kinds: dict[str, list[Samples]]
    rooms: list[Samples]


def material(data: Path, soundfont: Path) -> Material:
    kinds: dict[str, list[Samples]] = {}
    for kind, sound in [*noises(data, "fit"), *music("fit", soundfont, n_tunes=N_TUNES)]:
        if kind not in HUMAN:
            kinds.setdefault(kind, []).append(sound)
    return Material(
        voices=[[read(path) for path in files] for files in speech_files(data, "fit").values()],
        kinds=kinds,
        rooms=[read(path) for path in sorted((data / "rir").glob("*.flac"))[::2]],
    )


def measures_of(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the measures of each frame of a sound that begins with its first sample."""
    measures = FrameMeasures(RATE_HZ)
    first = samples[: measures.frame_length][::-1]
    sound = np.concatenate([first, samples]).astype(np.float64)
    n_samples = len(sound) // measures.frame_length * measures.frame_length
    return measures.measure(sound[:n_samples])


def frame_truth(truth: NDArray[np.bool_], n_frames: int, frame_length: int) -> NDArray[np.bool_]:
    """Return the truth of each frame; gaps of a tenth of a second inside speech are speech."""
    closed = binary_closing(np.pad(truth, 20), np.ones(11))[20:-20]
    middles = (np.arange(n_frames) * frame_length + frame_length // 2) // TRUTH_LENGTH
    return np.asarray(closed[np.minimum(middles, len(closed) - 1)])


def room(samples: Samples, rng: np.random.Generator) -> Samples:
    """Now and then add mains hum with overtones and the offset of a cheap microphone."""
    if rng.random() < 0.7:
        return samples
    turns = rng.choice([50, 60]) * np.arange(len(samples)) / RATE_HZ
    hum = sum(rng.random() / n * np.sin(2 * np.pi * n * turns) for n in (1, 2, 3, 5))
    return np.asarray(samples + gain(rng.uniform(-65, -35)) * hum + rng.uniform(-0.1, 0.1))


def tilted(samples: Samples, rng: np.random.Generator) -> Samples:
    """Colour a sound as another microphone would: one reflection-free first-order tilt."""
    slope = rng.uniform(-0.6, 0.6)
    return samples + slope * np.concatenate([[0.0], samples[:-1]])


def speech_cases(known: Material, beds: list[Samples], rng: np.random.Generator) -> Iterator[Case]:
    """Join and cut the clips anew in each round; a piece may begin in the middle of a word."""
    for clips in known.voices:
        for number in range(N_SPEECH_ROUNDS):
            whole = stream("", [_voiced(clip, rng) for clip in clips], rng)
            for piece in _pieces(whole, rng):
                placed = _placed(_echoing(piece, known.rooms, rng), number, beds, rng)
                yield recorded(room(placed, rng), seed=number), piece.truth


def _voiced(clip: Samples, rng: np.random.Generator) -> tuple[Samples, NDArray[np.bool_]]:
    if rng.random() < CHANGED_VOICE_SHARE:
        return other_voice(clip, rng)
    return clip, truth_of(clip)


def _pieces(whole: Speech, rng: np.random.Generator) -> Iterator[Speech]:
    start = 0
    while start < len(whole.truth) - 300:
        stop = start + int(rng.integers(300, 1500))
        truth = whole.truth[start:stop]
        sound = whole.samples[start * TRUTH_LENGTH : stop * TRUTH_LENGTH]
        start = stop
        if truth.sum() >= 30:
            yield Speech(corpus="", samples=tilted(sound, rng), truth=truth)


def _echoing(piece: Speech, rooms: list[Samples], rng: np.random.Generator) -> Speech:
    if rng.random() < 0.2:
        return reverberant(piece, rooms[rng.integers(len(rooms))])
    return piece


def _placed(piece: Speech, number: int, beds: list[Samples], rng: np.random.Generator) -> Samples:
    if number < N_CLEAN_ROUNDS:
        return piece.samples * gain(rng.uniform(-50, 12))
    bed = beds[rng.integers(len(beds))]
    bed = np.roll(bed, rng.integers(len(bed)))
    return mixed(piece, bed, snr_db=rng.uniform(0, 25), peak_dbfs=rng.uniform(-30, 3))


def noise_cases(kinds: dict[str, list[Samples]], rng: np.random.Generator) -> Iterator[Case]:
    """Every sound faster and slower, after up to two seconds of quiet, at many levels."""
    for sounds in kinds.values():
        for sound in sounds:
            for number in range(N_NOISE_ROUNDS):
                up = 10 if number == 0 else int(rng.integers(6, 17))
                other = tilted(resample_poly(sound, up, 10), rng)
                quiet = np.zeros(int(rng.integers(3)) * RATE_HZ)
                level = gain(rng.uniform(-40, 0)) / np.abs(other).max()
                samples = np.concatenate([quiet, other * level])
                truth = np.zeros(len(samples) // TRUTH_LENGTH, bool)
                yield recorded(room(samples, rng), seed=number), truth


def cases(known: Material) -> Iterator[Case]:
    rng = np.random.default_rng(SEED)
    kinds = dict(known.kinds)
    for colour in ("white", "pink", "brown"):
        kinds[colour] = [coloured(colour, 20 * RATE_HZ, seed=SEED)]
    beds = [
        sound for kind, sounds in kinds.items() if kind not in TOO_SHORT_TO_MIX for sound in sounds
    ]
    yield from speech_cases(known, beds, rng)
    yield from noise_cases(kinds, rng)


Weights = tuple[NDArray[np.float64], ...]
"""Hidden weights, hidden bias, output weights, output bias, for features as they are."""


def fitted(known: Material) -> Weights:
    frame_length = FrameMeasures(RATE_HZ).frame_length
    parts, truths = [], []
    for samples, truth in cases(known):
        parts.append(RecentPast().features(measures_of(samples)))
        truths.append(frame_truth(truth, len(parts[-1]), frame_length))
    features, truth = np.concatenate(parts), np.concatenate(truths)
    print(f"{len(truth)} frames, {truth.mean():.3f} of them speech", file=sys.stderr)
    return fit(features, truth)


def fit(features: NDArray[np.float64], truth: NDArray[np.bool_]) -> Weights:
    mean, scale = features.mean(axis=0), features.std(axis=0)
    network = MLPClassifier(
        (N_HIDDEN,),
        alpha=0.01,
        max_iter=15,
        batch_size=1000,
        learning_rate_init=0.003,
        random_state=SEED,
    )
    network.fit((features - mean) / scale, truth)
    hidden = (network.coefs_[0] / scale[:, None]).T
    return (
        hidden,
        network.intercepts_[0] - hidden @ mean,
        network.coefs_[1][:, 0],
        network.intercepts_[1],
    )


def as_module(weights: Weights) -> str:
    names = ("HIDDEN", "HIDDEN_BIAS", "OUTPUT", "OUTPUT_BIAS")
    lines = [
        '"""Weights of the speech gate, written by ``python -m benchmarks.gate_fit``.',
        "",
        "Fitted on EmoDB and CMU Arctic (speech), ESC-10 fold 1, Speech Commands noise, rendered",
        "music and coloured noise (the rest), all free for any use; see docs/speech-gate.md.",
        '"""',
        "",
        "import numpy as np",
        "",
        "# fmt: off",
    ]
    for name, values in zip(names, weights, strict=True):
        lines += ["", f"{name} = np.array("]
        text = np.array2string(
            values,
            separator=", ",
            precision=4,
            floatmode="maxprec",
            max_line_width=94,
            threshold=10**6,
            suppress_small=True,
        )
        lines += [f"    {line}" for line in text.splitlines()] + [")"]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SER_DATA", "../shared/data"))
    parser.add_argument("--soundfont", type=Path, default="/usr/share/sounds/sf2/default-GM.sf2")
    arguments = parser.parse_args()
    known = material(Path(arguments.data), Path(arguments.soundfont))
    sys.stdout.write(as_module(fitted(known)))


if __name__ == "__main__":
    main()
