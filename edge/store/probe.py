"""The self-test of a model that nobody has tried here: run in a process of its own.

``python -m edge.store.probe FILE`` limits its own memory and processor time, loads the model,
computes its golden cases, times it, and prints one JSON object: what it found, or the fault in one
sentence. What the model does to this process, it does to nothing else.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge.contract import tables
from edge.contract.bundle import ModelBundle
from edge.contract.manifest import refuse_without_emotions
from edge.errors import EXIT_BAD_DATA, EXIT_OK, ProbeError, SerError
from edge.infer.classifier import EmotionClassifier
from edge.infer.interpreter import find_runtime
from edge.pipeline import WindowScorer
from edge.selftest import golden_deviations
from edge.stream.blocks import AudioBlock
from edge.stream.vad import GateSettings

_N_HOPS: Final = 8
_MAX_TIMED_S: Final = 10.0
_MAX_OUTPUT_BYTES: Final = 2**24


def main(argv: list[str] | None = None) -> int:
    """Run the self-test as told on the command line."""
    parser = argparse.ArgumentParser(prog="python -m edge.store.probe", description=__doc__)
    parser.add_argument("file", type=Path, help="the model file")
    parser.add_argument("--runtime", default="auto", help="auto, litert or tflite-runtime")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory-mb", type=int, default=512, help="beyond what Python needs")
    parser.add_argument("--cpu-s", type=int, default=60)
    parser.add_argument("--wall-s", type=int, default=120)
    arguments = parser.parse_args(argv)
    try:
        _say(_found(arguments))
    except SerError as error:
        return _refused(str(error))
    except MemoryError:
        return _refused(f"the model needs more than {arguments.memory_mb} MB of memory")
    return EXIT_OK


def _refused(sentence: str) -> int:
    _say({"error": sentence})
    return EXIT_BAD_DATA


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")


def _found(arguments: argparse.Namespace) -> dict[str, Any]:
    # Before the limits: what the libraries need is no fault of the model, and OpenBLAS waits for
    # ever where it gets no memory for its buffers.
    find_runtime(arguments.runtime)
    _ = np.ones((64, 64)) @ np.ones((64, 64))
    _limit(arguments)
    bundle = ModelBundle.load(arguments.file)
    refuse_without_emotions(bundle.manifest)
    classifier = EmotionClassifier(bundle, runtime=arguments.runtime, n_threads=arguments.threads)
    if not bundle.golden:
        raise ProbeError(
            f"{bundle.manifest.name} brings no golden case by which it could be checked here; "
            "export it again"
        )
    deviations = golden_deviations(classifier)
    latency_ms, hop_ms = _timed(classifier)
    return {
        "sha256": bundle.sha256,
        "manifest": tables.to_table(bundle.manifest),
        "runtime": str(classifier.runtime),
        "golden_cases": [found.name for found in deviations],
        "latency_ms": latency_ms,
        "hop_ms": hop_ms,
    }


def _limit(arguments: argparse.Namespace) -> None:
    memory_bytes = _address_space_bytes() + arguments.memory_mb * 10**6
    used_s = int(time.process_time()) + 1
    cpu_s = used_s + arguments.cpu_s
    for limit, soft, hard in (
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),  # the soft one has a signal of its own
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, _MAX_OUTPUT_BYTES, _MAX_OUTPUT_BYTES),
    ):
        resource.setrlimit(limit, (soft, hard))
    # Whoever started this may be gone; the kernel ends even a loop in native code.
    signal.alarm(arguments.wall_s)


def _address_space_bytes() -> int:
    n_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return n_pages * resource.getpagesize()


def _timed(classifier: EmotionClassifier) -> tuple[float, float]:
    """Return how long one hop of sound takes at worst, and how long the sound itself is, in ms.

    Raises
    ------
    ProbeError
        If the model cannot keep up with a room in which nobody pauses.
    """
    manifest = classifier.bundle.manifest
    # A second look, since another process may have taken the processor away just then.
    for is_last in (False, True):
        hop_ms, took_ms = _hop_times_ms(classifier)
        if max(took_ms) < hop_ms:
            break
        if is_last:
            raise ProbeError(
                f"{manifest.name} {manifest.version} is too slow for this device: {hop_ms:.0f} ms "
                f"of sound took it {max(took_ms):.0f} ms with {classifier.runtime}; "
                "make the model smaller or its hop_s longer"
            )
    return max(took_ms), hop_ms


def _hop_times_ms(classifier: EmotionClassifier) -> tuple[float, list[float]]:
    manifest = classifier.bundle.manifest
    scorer = WindowScorer(
        classifier, gate=GateSettings(), decision=replace(manifest.decision, min_speech_s=0.0)
    )
    noise = _noise(scorer.hop_length, rate_hz=scorer.sample_rate_hz)
    n_warm_up = -(-manifest.features.window_length // scorer.hop_length) + 1
    for _ in range(n_warm_up):
        scorer.push(noise)
    took_ms: list[float] = []
    while len(took_ms) < _N_HOPS and sum(took_ms) < 1e3 * _MAX_TIMED_S:
        started_s = time.perf_counter()
        scorer.push(noise)
        took_ms.append(1e3 * (time.perf_counter() - started_s))
    return 1e3 * scorer.hop_length / scorer.sample_rate_hz, took_ms


def _noise(n_samples: int, *, rate_hz: int) -> AudioBlock:
    samples = np.random.default_rng(5).normal(0.0, 0.05, n_samples).astype(np.float32)
    return AudioBlock(samples=samples, sample_rate_hz=rate_hz, n_lost=0)


if __name__ == "__main__":
    sys.exit(main())
