from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edge.dsp import extract
from edge.errors import BundleError, OperatorTooNewError, RuntimeMissingError
from edge.infer import interpreter
from edge.infer.classifier import EmotionClassifier
from edge.infer.interpreter import Runtime, find_runtime, load_interpreter
from tests.fakes.sound import bundled, classifier, sample
from tests.support import need


def refusing(error: Exception) -> Runtime:
    def build(**_: Any) -> None:
        raise error

    return Runtime(name="tflite-runtime", version="2.14.0", interpreter_class=build)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        # Both texts are those of tflite-runtime 2.14.0.
        (
            ValueError(
                "Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'. An older "
                "version of this builtin might be supported.\nRegistration failed.\n"
            ),
            OperatorTooNewError,
            "x: the model needs FULLY_CONNECTED version 12, which tflite-runtime 2.14.0 does not",
        ),
        (
            SystemError("<built-in method> returned a result with an exception set"),
            RuntimeMissingError,
            "tflite-runtime 2.14.0 does not work with numpy .*; install numpy below 2",
        ),
        (
            ValueError("Model provided has model identifier 'abcd'\nmore"),
            BundleError,
            "x: tflite-runtime 2.14.0 refuses the model: Model provided has .*; export it again",
        ),
    ],
)
def test_a_refusal_names_the_cause_and_the_remedy(
    error: Exception, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        load_interpreter(b"", runtime=refusing(error), n_threads=1, source="x")


def test_without_any_runtime_each_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {
        "litert": ("absent_litert", "ai-edge-litert"),
        "tflite-runtime": ("absent_tflite", "tflite-runtime"),
    }
    monkeypatch.setattr(interpreter, "_MODULES", modules)
    with pytest.raises(RuntimeMissingError, match=r"ai-edge-litert: .*; tflite-runtime: .*install"):
        find_runtime()


def test_a_flatbuffer_that_is_damaged_inside_is_refused() -> None:
    damaged = bundled().flatbuffer[:2000] + bytes(len(bundled().flatbuffer) - 2000)
    with pytest.raises((BundleError, RuntimeMissingError)):
        EmotionClassifier(replace(bundled(), flatbuffer=damaged))


def test_a_network_that_is_not_the_manifests_is_refused() -> None:
    tensor = replace(bundled().manifest.input_tensor, scale=0.5)
    manifest = replace(bundled().manifest, input_tensor=tensor)
    with pytest.raises(BundleError, match=r"the network's input is .*, its manifest says"):
        EmotionClassifier(replace(bundled(), manifest=manifest))


def test_both_runtimes_agree_on_real_windows() -> None:
    runtimes = []
    for name in ("litert", "tflite-runtime"):
        try:
            runtimes.append(EmotionClassifier(bundled(), runtime=name))
        except RuntimeMissingError:
            need(condition=False, reason=name.replace("litert", "ai_edge_litert"))
    spec, step = bundled().manifest.features, bundled().manifest.output_tensor.scale
    for start in range(0, len(sample()) - spec.window_length, 16000):
        window = extract(sample()[start : start + spec.window_length], spec)
        first, second = (runtime.logits(window) for runtime in runtimes)
        assert np.abs(first - second).max() <= 2.01 * step


def test_the_same_input_gives_the_same_answer() -> None:
    features = np.zeros(bundled().manifest.features.shape, np.float32)
    np.testing.assert_array_equal(classifier().logits(features), classifier().logits(features))
