"""A network becomes the same network in TFLite, in every runtime that the edge serves."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.contract.manifest import Operator
from edge.errors import OperatorTooNewError
from edge.infer.quantize import dequantize, quantize
from tests.support import REPOSITORY
from trainer.quantize import (
    LOWEST_RUNTIME,
    describe,
    refuse_newer_operators,
    to_float32,
    to_int8,
)

SHAPE = (48, 16, 1)

# In a process of its own: TensorFlow and tflite-runtime do not always get on in one.
RUN = """
import json, sys
import numpy as np
from edge.infer.interpreter import find_runtime, load_interpreter
content = open(sys.argv[1], "rb").read()
interpreter = load_interpreter(content, runtime=find_runtime(sys.argv[2]), n_threads=1, source="it")
[source], [sink] = interpreter.get_input_details(), interpreter.get_output_details()
outputs = []
for tensor in np.load(sys.argv[3]):
    interpreter.set_tensor(source["index"], tensor[None])
    interpreter.invoke()
    outputs.append(interpreter.get_tensor(sink["index"])[0].tolist())
print(json.dumps(outputs))
"""


@pytest.fixture(scope="module")
def network():
    """Return a small network whose weights are not all alike, as Keras has it."""
    keras = pytest.importorskip("keras")
    from trainer.models import build

    keras.utils.set_random_seed(3)
    return build(
        "melconv",
        input_shape=SHAPE,
        n_classes=9,
        filters=[8, 12],
        kernels=[3, 3],
        strides=[[2, 2], [2, 2]],
        dropout=0.0,
    )


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return np.random.default_rng(5).standard_normal((40, *SHAPE)).astype(np.float32)


@pytest.fixture(scope="module")
def flatbuffers(network, windows: np.ndarray) -> dict[str, bytes]:
    return {"float32": to_float32(network), "int8": to_int8(network, list(windows))}


def outputs_of(flatbuffer: bytes, tensors: np.ndarray, *, runtime: str, folder: Path) -> np.ndarray:
    model, inputs = folder / "model.tflite", folder / "inputs.npy"
    model.write_bytes(flatbuffer)
    np.save(inputs, tensors)
    command = (sys.executable, "-c", RUN, str(model), runtime, str(inputs))
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return np.array(json.loads(done.stdout))


def test_description_is_what_was_asked_for(flatbuffers: dict[str, bytes]) -> None:
    int8, float32 = describe(flatbuffers["int8"]), describe(flatbuffers["float32"])
    assert int8.input_tensor.dtype == int8.output_tensor.dtype == "int8"
    assert float32.input_tensor.dtype == float32.output_tensor.dtype == "float32"
    assert int8.input_tensor.shape == float32.input_tensor.shape == (1, *SHAPE)
    assert int8.output_tensor.shape == (1, 9)
    assert int8.input_tensor.scale > 0
    names = [operator.name for operator in int8.operators]
    assert names == sorted(set(names))
    assert {"CONV_2D", "FULLY_CONNECTED", "MEAN"} <= set(names)
    assert int8.min_runtime
    refuse_newer_operators(int8)


def test_float32_says_what_keras_says(
    network, flatbuffers: dict[str, bytes], windows: np.ndarray, tmp_path: Path
) -> None:
    expected = network.predict(windows, verbose=0)
    for runtime in ("litert", "tflite-runtime"):
        found = outputs_of(flatbuffers["float32"], windows, runtime=runtime, folder=tmp_path)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_int8_says_nearly_the_same_in_both_runtimes(
    network, flatbuffers: dict[str, bytes], windows: np.ndarray, tmp_path: Path
) -> None:
    described = describe(flatbuffers["int8"])
    tensors = quantize(windows, described.input_tensor)
    steps = {
        runtime: outputs_of(flatbuffers["int8"], tensors, runtime=runtime, folder=tmp_path)
        for runtime in ("litert", "tflite-runtime")
    }
    assert np.abs(steps["litert"] - steps["tflite-runtime"]).max() <= 2
    expected = network.predict(windows, verbose=0)
    found = dequantize(steps["litert"], described.output_tensor)
    spread = expected.max() - expected.min()
    assert np.abs(found - expected).max() < 0.1 * spread


def test_dense_layer_in_dynamic_range_is_too_new_for_the_oldest_runtime() -> None:
    tf = pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    one = keras.Input((64,), batch_size=1)
    converter = tf.lite.TFLiteConverter.from_keras_model(
        keras.Model(one, keras.layers.Dense(64)(one))
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    with pytest.raises(OperatorTooNewError, match="FULLY_CONNECTED version 12"):
        refuse_newer_operators(describe(converter.convert()))


@pytest.mark.parametrize(
    ("min_runtime", "refused"),
    [("", False), ("1.14.0", False), ("2.14.0", False), ("2.15.0", True), ("3.0.0", True)],
)
def test_lowest_runtime_is_kept(
    min_runtime: str, refused: bool, flatbuffers: dict[str, bytes]
) -> None:
    assert LOWEST_RUNTIME == (2, 14, 0)
    newer = dataclasses.replace(
        describe(flatbuffers["int8"]),
        min_runtime=min_runtime,
        operators=(Operator(name="CONV_2D", version=3),),
    )
    if not refused:
        refuse_newer_operators(newer)
        return
    with pytest.raises(OperatorTooNewError, match=f"needs TFLite {min_runtime}"):
        refuse_newer_operators(newer)
