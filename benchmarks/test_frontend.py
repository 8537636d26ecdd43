"""Compare the front end with its peers: medians, and the ratio to each, on the same signal.

Usage: python -m pytest benchmarks/test_frontend.py [--passes N] [--speech FILE]
       [--benchmark-json FILE]

One thread. pytest-benchmark measures one function after the other, and a busy machine would be
unfair to whoever has its turn at the wrong time. So the contenders of a row take turns in many
short passes, and before each round all the others run once, untimed: nobody finds the caches as it
left them itself, as nobody does in a program that has other work. The table at the end is over all
passes: trust its ratios.

Peers that are not installed are named there: pip install -e '.[bench]', torchaudio by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.frontend_peers import MFCC_PEERS, VECTOR_PEERS, PeerMissingError
from edge.contract.spec import FeatureSpec
from edge.dsp import extract, frames_of
from edge.dsp.resample import resample
from edge.stream.frontend import StreamedFeatures
from edge.stream.resample import StreamResampler

Samples = NDArray[np.float32]
Contender = Callable[[], object]
Maker = Callable[[Samples], Contender]

N_ROUNDS = 5
"""Rounds of a contender in one pass, in which each of the others runs as often."""


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


def streamed(samples: Samples) -> Contender:
    pieces = [samples[i : i + 320] for i in range(0, len(samples), 320)]
    stream = StreamedFeatures(STREAMED)

    def run() -> None:
        stream.reset()
        for piece in pieces:
            stream.push(piece)

    return run


def resampled(rate_hz: int) -> Maker:
    def make(samples: Samples) -> Contender:
        sound = resample(samples, rate_in_hz=16000, rate_out_hz=rate_hz)
        size = rate_hz // 50
        pieces = [sound[i : i + size] for i in range(0, len(sound), size)]

        def run() -> None:
            stream = StreamResampler(rate_in_hz=rate_hz, rate_out_hz=16000)
            for piece in pieces:
                stream.push(piece)

        return run

    return make


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Contenders, ours first, on the same sound."""

    contenders: Mapping[str, Maker]
    rate_hz: int = 16000
    n_repeats: int = 1
    """How often the three seconds of speech follow each other."""
    divisor: int = 1
    """What the time is divided by, where it is told for one second of sound."""

    def sound(self, speech: Samples) -> Samples:
        at_rate = resample(speech, rate_in_hz=16000, rate_out_hz=self.rate_hz)
        return np.tile(at_rate, self.n_repeats)


ROWS = {
    "40 MFCC of 3 s, batch": Row(
        contenders={"edge.dsp": lambda sound: lambda: frames_of(sound, MFCC)} | MFCC_PEERS
    ),
    "180 numbers of 3 s": Row(
        contenders={"edge.dsp": lambda sound: lambda: extract(sound, VECTOR)} | VECTOR_PEERS,
        rate_hz=22050,
    ),
    "a second of sound, 40 MFCC": Row(
        contenders={
            "stream, pieces of 20 ms": streamed,
            "batch": lambda sound: lambda: frames_of(sound, STREAMED),
        },
        n_repeats=20,
        divisor=60,
    ),
} | {
    f"a second of sound, from {rate_hz / 1000:g} kHz to 16": Row(
        contenders={"resampler, pieces of 20 ms": resampled(rate_hz)}, divisor=3
    )
    for rate_hz in (48000, 44100)
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the contenders of a row take turns, pass by pass."""
    turns = [
        (row, who, i)
        for row, chosen in ROWS.items()
        for i in range(metafunc.config.getoption("--passes"))
        for who in chosen.contenders
    ]
    ids = [f"{row}, {who}, pass {i}" for row, who, i in turns]
    metafunc.parametrize(("row", "who"), [turn[:2] for turn in turns], ids=ids)


@pytest.fixture(scope="module")
def ready(speech: Samples, missing: dict[tuple[str, str], str]) -> dict[str, dict[str, Contender]]:
    """Return the contenders that can run, by row and name."""
    found: dict[str, dict[str, Contender]] = {row: {} for row in ROWS}
    for row, chosen in ROWS.items():
        sound = chosen.sound(speech)
        for who, make in chosen.contenders.items():
            try:
                found[row][who] = make(sound)
            except PeerMissingError as error:
                missing[row, who] = str(error)
    return found


def test_frontend(
    row: str,
    who: str,
    ready: dict[str, dict[str, Contender]],
    benchmark: BenchmarkFixture,
) -> None:
    if who not in ready[row]:
        pytest.skip(f"{who} is not installed")
    others = [run for name, run in ready[row].items() if name != who]

    def disturb() -> None:
        for run in others:
            run()

    benchmark.group = row
    benchmark.extra_info.update(contender=who, divisor=ROWS[row].divisor)
    benchmark.pedantic(ready[row][who], setup=disturb, rounds=N_ROUNDS, warmup_rounds=1)
