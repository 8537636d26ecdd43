"""Compare the front end with its peers, and the whole program with its bounds.

Usage: python -m benchmarks.frontend [--rounds N] [--hours H] [--speech FILE] [--json FILE]

One thread. All contenders take turns within one process, on the same three seconds of speech, so
that a busy machine is as unfair to one as to the other: trust the ratios. Peers that are not
installed are named: pip install librosa python_speech_features kaldi-native-fbank spafe torchaudio
"""

# ruff: noqa: E402 - the number of threads is settled before numpy is imported

from __future__ import annotations

import os

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.frontend_peers import MFCC_PEERS, VECTOR_PEERS, PeerMissingError
from benchmarks.program import pipeline_cpu_s, run_memory_mb, start_to_result_s
from edge.contract.spec import FeatureSpec
from edge.dsp import extract, frames_of
from edge.dsp.resample import resample
from edge.service.machine import this_machine
from edge.stream.frontend import StreamedFeatures
from edge.stream.resample import StreamResampler

Samples = NDArray[np.float32]
Contender = Callable[[], object]

SPEECH = Path(__file__).resolve().parent.parent / "edge" / "samples" / "room.flac"


def mel(n_mels: int, fmax_hz: float) -> dict[str, object]:
    return {
        "n_mels": n_mels,
        "fmin_hz": 0.0,
        "fmax_hz": fmax_hz,
        "scale": "slaney",
        "norm": "slaney",
    }


def mfcc(n_mels: int, fmax_hz: float, top_db: float | None) -> dict[str, object]:
    decibel = {"amin": 1e-10, "ref": "one", "top_db": top_db}
    bank = mel(n_mels, fmax_hz)
    return {"kind": "mfcc", "n_mfcc": 40, "lifter": 0, "mel": bank, "decibel": decibel}


def spec(rate_hz: int, n_fft: int, hop: int, blocks: list, *, padding: str) -> FeatureSpec:
    streamed = {"kind": "image", "n_frames": 192}
    pooled = {"kind": "pooled", "statistics": ["mean"], "window_s": 3.0}
    return FeatureSpec.from_dict(
        {
            "sample_rate_hz": rate_hz,
            "framing": {
                "n_fft": n_fft,
                "win_length": n_fft,
                "hop_length": hop,
                "window": "hann",
                "padding": padding,
            },
            "blocks": blocks,
            "layout": streamed if padding == "none" else pooled,
            "norm": {"kind": "none"},
        }
    )


MFCC = spec(16000, 512, 160, [mfcc(40, 8000.0, None)], padding="constant")
STREAMED = spec(16000, 512, 160, [mfcc(40, 8000.0, None)], padding="none")
VECTOR = spec(
    22050,
    2048,
    512,
    [
        mfcc(128, 11025.0, 80.0),
        {"kind": "chroma", "n_chroma": 12, "spectrum": "magnitude", "tuning": None},
        {"kind": "mel", "mel": mel(128, 11025.0)},
    ],
    padding="constant",
)


def medians_ms(contenders: dict[str, Contender], *, rounds: int) -> dict[str, float]:
    """Let all take turns, and return the median of each."""
    for contender in contenders.values():
        contender()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            started_s = time.perf_counter()
            contender()
            times[name].append(time.perf_counter() - started_s)
    return {name: 1e3 * statistics.median(spent) for name, spent in times.items()}


def with_peers(ours: Contender, peers: dict, samples: Samples) -> tuple[dict, list[str]]:
    contenders, missing = {"edge.dsp": ours}, []
    for name, make in peers.items():
        try:
            contenders[name] = make(samples)
        except PeerMissingError as error:
            missing.append(f"{name} ({error})")
    return contenders, missing


def streamed(samples: Samples) -> Contender:
    pieces = [samples[i : i + 320] for i in range(0, len(samples), 320)]
    stream = StreamedFeatures(STREAMED)

    def run() -> None:
        stream.reset()
        for piece in pieces:
            stream.push(piece)

    return run


def resampled(samples: Samples, rate_hz: int) -> Contender:
    size = rate_hz // 50
    pieces = [samples[i : i + size] for i in range(0, len(samples), size)]

    def run() -> None:
        stream = StreamResampler(rate_in_hz=rate_hz, rate_out_hz=16000)
        for piece in pieces:
            stream.push(piece)

    return run


def compare_peers(samples: Samples, *, rounds: int) -> list[dict[str, object]]:
    at_22050 = resample(samples, rate_in_hz=16000, rate_out_hz=22050)
    tables = (
        ("40 MFCC of 3 s, batch", lambda: frames_of(samples, MFCC), MFCC_PEERS, samples),
        ("180 numbers of 3 s", lambda: extract(at_22050, VECTOR), VECTOR_PEERS, at_22050),
    )
    rows: list[dict[str, object]] = []
    for what, ours, peers, sound in tables:
        contenders, missing = with_peers(ours, peers, sound)
        found = medians_ms(contenders, rounds=rounds)
        rows += [
            {"what": what, "who": name, "ms": ms, "ours_over_this": found["edge.dsp"] / ms}
            for name, ms in found.items()
        ]
        rows += [{"what": what, "who": f"missing: {name}"} for name in missing]
    return rows


def compare_streaming(samples: Samples, *, rounds: int) -> list[dict[str, object]]:
    minute = np.tile(samples, 20)
    found = medians_ms(
        {"stream": streamed(minute), "batch": lambda: frames_of(minute, STREAMED)},
        rounds=max(3, rounds // 10),
    )
    rows: list[dict[str, object]] = [
        {
            "what": "a second of sound",
            "who": f"{name}, 40 MFCC",
            "ms": ms / 60,
            "ours_over_this": found["stream"] / ms,
        }
        for name, ms in found.items()
    ]
    for rate_hz in (48000, 44100):
        sound = resample(samples, rate_in_hz=16000, rate_out_hz=rate_hz)
        name = f"resampler, {rate_hz} Hz in pieces of 20 ms"
        ms = medians_ms({name: resampled(sound, rate_hz)}, rounds=rounds)[name]
        rows.append({"what": "a second of sound", "who": name, "ms": ms / 3})
    return rows


def table(rows: list[dict[str, object]]) -> str:
    lines = [
        "| measure | contender | median ms | edge.dsp over this |",
        "|---|---|---:|---:|",
    ]
    for row in rows:
        ms = f"{row['ms']:.3f}" if "ms" in row else ""
        ratio = f"{row['ours_over_this']:.2f}" if "ours_over_this" in row else ""
        lines.append(f"| {row['what']} | {row['who']} | {ms} | {ratio} |")
    return "\n".join(lines)


def program_figures(speech: Path, *, hours: float) -> dict[str, object]:
    peak_mb, resident_mb = run_memory_mb(speech, hours=hours)
    wall_s, cpu_s = start_to_result_s(speech)
    return {
        "pipeline, CPU s for an hour of speech, microphone at 16 kHz": pipeline_cpu_s(
            speech, rate_hz=16000
        ),
        "the same, microphone at 48 kHz": pipeline_cpu_s(speech, rate_hz=48000),
        "start to first result, s of wall clock": wall_s,
        "start to first result, s of CPU": cpu_s,
        f"ser-edge run, peak MB over {hours:g} h": peak_mb,
        "ser-edge run, MB over the run": resident_mb,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument(
        "--hours", type=float, default=1.0, help="sound for `ser-edge run`; 0: none"
    )
    parser.add_argument("--speech", type=Path, default=SPEECH)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()

    import soundfile

    samples = soundfile.read(arguments.speech, dtype="float32")[0][: 3 * 16000]
    rows = compare_peers(samples, rounds=arguments.rounds)
    rows += compare_streaming(samples, rounds=arguments.rounds)
    print(f"{this_machine()}\n\n{table(rows)}\n")
    figures = program_figures(arguments.speech, hours=arguments.hours) if arguments.hours else {}
    for name, value in figures.items():
        print(f"{name}: {value if isinstance(value, list) else round(value, 2)}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"rows": rows, "program": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
