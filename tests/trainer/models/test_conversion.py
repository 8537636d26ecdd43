"""Every recipe's network becomes TFLite in all precisions, and says there what it says in Keras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge.infer.interpreter import find_runtime, load_interpreter
from edge.infer.quantize import dequantize, quantize
from tests.support import data_dir, need
from trainer import recipe
from trainer.examples.clips import standardised, standardiser
from trainer.features import oracle
from trainer.fitting.networks import build_for, input_shape
from trainer.modelfile import quantize as conversion
from trainer.modelfile.network import describe, refuse_newer_operators
from trainer.recipe import Recipe
from trainer.sound import audio

CLIPS = tuple(
    f"ravdess/Actor_0{actor}/03-01-0{emotion}-01-01-01-0{actor}.flac"
    for actor in (1, 2)
    for emotion in (1, 3, 4, 5, 8)
)

LARGEST = "cnn2d-mel-64-128"
"""30 million weights: converted to two precisions only, its sister of half the size to all."""

# Of the spread of the logits: untrained, nearly all of them are alike.
BOUNDS = {"float32": 1e-4, "float16": 1e-2, "dynamic": 0.1, "int8": 0.1}


@dataclass(frozen=True, kw_only=True)
class Converted:
    recipe: Recipe
    windows: np.ndarray
    logits: np.ndarray
    """What Keras says of the windows."""
    flatbuffers: dict[str, bytes]


def windows_of(chosen: Recipe, folder: Path) -> np.ndarray:
    """Return what the network is fed with: features of real clips, standardised where it is so."""
    need((folder / CLIPS[0]).is_file(), "corpus ravdess")
    rate_hz = chosen.features.sample_rate_hz
    sounds = (audio.load(folder / name, sample_rate_hz=rate_hz) for name in CLIPS)
    inputs = np.stack([oracle.extract(sound, chosen.features) for sound in sounds])
    if getattr(chosen.learning, "standardise", False):
        inputs = standardised(inputs, standardiser(inputs))
    return inputs.reshape(len(inputs), *input_shape(chosen.features))


@pytest.fixture(scope="module", params=recipe.names())
def converted(request) -> Iterator[Converted]:
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(4)
    chosen = recipe.load(request.param)
    windows = windows_of(chosen, data_dir())
    model = build_for(chosen)
    if request.param == LARGEST:
        flatbuffers = {
            "float32": conversion.to_float32(model),
            "int8": conversion.to_int8(model, list(windows)),
        }
    else:
        flatbuffers = conversion.convert(model, list(windows))
    logits = model.predict(windows, verbose=0)
    yield Converted(recipe=chosen, windows=windows, logits=logits, flatbuffers=flatbuffers)
    keras.backend.clear_session()


def outputs_of(flatbuffer: bytes, windows: np.ndarray, *, runtime: str) -> np.ndarray:
    interpreter = load_interpreter(
        flatbuffer, runtime=find_runtime(runtime), n_threads=1, source="it"
    )
    [source], [sink] = interpreter.get_input_details(), interpreter.get_output_details()
    described = describe(flatbuffer)
    outputs = []
    for window in windows:
        interpreter.set_tensor(source["index"], quantize(window, described.input_tensor)[None])
        interpreter.invoke()
        output = interpreter.get_tensor(sink["index"])[0]
        outputs.append(dequantize(output, described.output_tensor))
    return np.array(outputs)


def test_every_precision_converts(converted: Converted) -> None:
    largest = converted.recipe.name == LARGEST
    wanted = ("float32", "int8") if largest else conversion.PRECISIONS
    assert tuple(converted.flatbuffers) == wanted
    for precision, flatbuffer in converted.flatbuffers.items():
        described = describe(flatbuffer)
        refuse_newer_operators(described)
        assert {operator.name for operator in described.operators}.isdisjoint({"CUSTOM"})
        ends = {described.input_tensor.dtype, described.output_tensor.dtype}
        assert ends == {"int8" if precision == "int8" else "float32"}
        assert described.output_tensor.shape == (1, len(converted.recipe.labels))


def test_files_fit_the_size_that_the_recipe_accepts(converted: Converted) -> None:
    sizes = {precision: len(content) for precision, content in converted.flatbuffers.items()}
    assert max(sizes.values()) < converted.recipe.quantisation.largest_bytes
    assert sizes["int8"] < 0.5 * sizes["float32"]


@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
def test_the_edge_says_what_keras_says(converted: Converted, runtime: str) -> None:
    spread = np.ptp(converted.logits)
    assert spread > 0
    for precision, flatbuffer in converted.flatbuffers.items():
        found = outputs_of(flatbuffer, converted.windows, runtime=runtime)
        largest = np.abs(found - converted.logits).max()
        assert largest < BOUNDS[precision] * spread, (precision, largest / spread)
