"""How long a window takes on this machine, by the edge's own code."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge import dsp
from edge.contract.bundle import ModelBundle
from edge.contract.spec import FeatureSpec
from edge.infer.classifier import EmotionClassifier
from edge.infer.interpreter import find_runtime
from trainer.modelfile.golden_cases import bundled_speech

_N_TIMED: Final = 50
_N_WARM_UP: Final = 3
_CPU_FACTS: Final = Path("/proc/cpuinfo")


def features_ms(spec: FeatureSpec) -> float:
    """Return how long the features of one window take, in milliseconds."""
    window = _speech(spec)
    return _median_ms(lambda: dsp.extract(window, spec))


def network_ms(bundle: ModelBundle) -> float:
    """Return how long the network takes for one window, in milliseconds."""
    classifier, spec = EmotionClassifier(bundle), bundle.manifest.features
    features = dsp.extract(_speech(spec), spec)
    return _median_ms(lambda: classifier.logits(features))


def machine() -> str:
    """Name the computer on which the windows were timed, and the runtime."""
    text = _CPU_FACTS.read_text(encoding="utf-8") if _CPU_FACTS.is_file() else ""
    facts = dict(line.split("\t: ", 1) for line in text.splitlines() if "\t: " in line)
    name = facts.get("model name") or facts.get("Model") or ""
    return ", ".join(filter(None, (platform.machine(), name, str(find_runtime()))))


def _speech(spec: FeatureSpec) -> NDArray[np.float32]:
    return np.resize(bundled_speech(spec.sample_rate_hz), spec.window_length)


def _median_ms(call: Callable[[], object]) -> float:
    times_ms = []
    for _ in range(_N_WARM_UP + _N_TIMED):
        began_s = time.perf_counter()
        call()
        times_ms.append(1e3 * (time.perf_counter() - began_s))
    return statistics.median(times_ms[_N_WARM_UP:])
