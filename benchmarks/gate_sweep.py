"""Choose the thresholds of the speech gate without its test material.

Usage: python -m benchmarks.gate_sweep [--data DIR]

The fit's own material in three folds: no speaker, recording or tune is in two. For each fold a
network is fitted on the other two and judged on this one, as `benchmarks.gate` judges.
"""

from __future__ import annotations

import argparse
import math
import os
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.gate import (
    HUMAN,
    MIN_SPEECH_S,
    REPORTED_MIN_SPEECH_S,
    Trial,
    average,
    beds_of,
    found,
    hysteresis,
    noise_trials,
    speech_trials,
    steady_trials,
)
from benchmarks.gate_fit import Material, Weights, fitted, material, measures_of
from benchmarks.gate_material import Samples, stream, truth_of
from edge.stream.vad import DEFAULT_GATE
from edge.stream.vad_measures import FRAME_S, RecentPast

N_FOLDS = 3
SPEECH = "speech in: "
Setting = tuple[float, float, float]
SETTINGS = (
    (0.5, 0.25, 0.2),
    (0.4, 0.2, 0.2),
    (0.3, 0.15, 0.1),
    (0.3, 0.15, 0.2),
    (0.3, 0.15, 0.4),
    (0.25, 0.12, 0.2),
    (0.2, 0.1, 0.1),
    (0.2, 0.1, 0.2),
    (0.15, 0.07, 0.2),
    (0.1, 0.05, 0.2),
)
"""enter_probability, leave_probability, hangover_s."""
Found = dict[tuple[Setting, str], list[NDArray[np.float64]]]


def fold_of(known: Material, fold: int) -> tuple[Material, Material]:
    """Return what is fitted on and what is held out."""
    return _only(known, set(range(N_FOLDS)) - {fold}), _only(known, {fold})


def _only(known: Material, folds: set[int]) -> Material:
    def chosen(sounds: list[Samples]) -> list[Samples]:
        apart = np.array_split(sounds[0], N_FOLDS) if len(sounds) == 1 else sounds
        return [sound for i, sound in enumerate(apart) if i % N_FOLDS in folds]

    return Material(
        voices=[clips for i, clips in enumerate(known.voices) if i % N_FOLDS in folds],
        kinds={kind: chosen(sounds) for kind, sounds in known.kinds.items()},
        rooms=known.rooms,
    )


def trials(held: Material) -> Iterator[Trial]:
    rng = np.random.default_rng(7)
    streams = [stream("", [(clip, truth_of(clip)) for clip in clips], rng) for clips in held.voices]
    rooms = {str(i): response for i, response in enumerate(held.rooms)}
    yield from speech_trials(streams, rooms, beds_of(held.kinds))
    yield from noise_trials(held.kinds)
    yield from steady_trials()


def odds_of(samples: NDArray[np.float32], weights: Weights) -> NDArray[np.float64]:
    """Return the log odds of speech of each frame, as `edge.stream.vad` does with its weights."""
    hidden_weights, hidden_bias, output_weights, output_bias = weights
    measures = measures_of(samples)
    hidden = np.maximum(RecentPast().features(measures) @ hidden_weights.T + hidden_bias, 0)
    odds = hidden @ output_weights + output_bias
    odds[measures[:, 0] < DEFAULT_GATE.lowest_level_dbfs / 10] = -math.inf
    return np.asarray(odds)


def judged(known: Material, fold: int) -> Found:
    """Return the seconds of speech found in each window of a fold, by setting and condition."""
    rest, held = fold_of(known, fold)
    weights = fitted(rest)
    results: Found = defaultdict(list)
    for trial in trials(held):
        odds = odds_of(trial.samples, weights)
        for setting in SETTINGS:
            results[setting, _label(trial)].append(found(trial, _flags(odds, setting), FRAME_S))
    return results


def swept(known: Material) -> dict[Setting, dict[str, NDArray[np.float64]]]:
    with ProcessPoolExecutor(N_FOLDS) as pool:
        parts = list(pool.map(partial(judged, known), range(N_FOLDS)))
    return {
        setting: {
            label: np.concatenate([each for part in parts for each in part[setting, label]])
            for setting_there, label in parts[0]
            if setting_there == setting
        }
        for setting in SETTINGS
    }


def _flags(odds: NDArray[np.float64], setting: Setting) -> NDArray[np.bool_]:
    enter, leave, hangover_s = setting
    return hysteresis(
        odds,
        enter=math.log(enter / (1 - enter)),
        leave=math.log(leave / (1 - leave)),
        n_hangover=round(hangover_s / FRAME_S),
    )


def _label(trial: Trial) -> str:
    return ("" if trial.truth is None else SPEECH) + trial.condition


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SER_DATA", "../shared/data"))
    parser.add_argument("--soundfont", type=Path, default="/usr/share/sounds/sf2/default-GM.sf2")
    arguments = parser.parse_args()
    results = swept(material(Path(arguments.data), Path(arguments.soundfont)))
    minima = " | ".join(f"{minimum:g}" for minimum in MIN_SPEECH_S)
    print(f"| enter | leave | hangover, s | worst miss | min_speech_s {minima} |")
    print("|---:|---:|---:|---:|" + "---:|" * len(MIN_SPEECH_S))
    for setting, by_label in results.items():
        with_speech = [label for label in by_label if label.startswith(SPEECH)]
        without = [label for label in by_label if label not in (*with_speech, *HUMAN)]
        worst = max(
            average([label], by_label, below=True, minimum=REPORTED_MIN_SPEECH_S)
            for label in with_speech
        )
        cells = [f"{worst:.1f}"] + [
            f"{average(with_speech, by_label, below=True, minimum=minimum):.1f} / "
            f"{average(without, by_label, below=False, minimum=minimum):.1f}"
            for minimum in MIN_SPEECH_S
        ]
        print("| " + " | ".join([*(f"{value:g}" for value in setting), *cells]) + " |")


if __name__ == "__main__":
    main()
