from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.errors import GoldenMismatchError
from edge.infer.classifier import EmotionClassifier
from edge.selftest import golden_deviations
from tests.fakes.sound import bundled
from tests.support import need

RUNTIMES = {"litert": "ai_edge_litert", "tflite-runtime": "tflite_runtime"}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_bundled_model_passes_with_each_runtime(runtime: str) -> None:
    try:
        __import__(RUNTIMES[runtime])
    except ImportError:
        need(condition=False, reason=RUNTIMES[runtime])
    found = golden_deviations(EmotionClassifier(bundled(), runtime=runtime))
    assert {"silence"} < {deviation.name for deviation in found}


@pytest.mark.parametrize("part", ["features", "logits"])
def test_another_answer_than_the_trainers_is_refused(part: str) -> None:
    first, *rest = bundled().golden
    changed = replace(first, **{part: getattr(first, part) + np.float32(1.0)})
    bundle = replace(bundled(), golden=(changed, *rest))
    with pytest.raises(GoldenMismatchError, match=f"golden case '{first.name}' is off by"):
        golden_deviations(EmotionClassifier(bundle))
