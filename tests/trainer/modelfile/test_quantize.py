"""A network stays the same network in TFLite, in each precision and each runtime of the edge."""

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
from trainer.modelfile.network import LOWEST_RUNTIME, describe, refuse_newer_operators
from trainer.modelfile.precisions import PRECISIONS
from trainer.modelfile.quantize import ConversionError, convert, to_int8

NETWORKS = {
    "melconv": {
        "filters": [8, 12],
        "kernels": [3, 3],
        "strides": [[2, 2], [2, 2]],
        "dropout": 0.0,
    },
    # Its second layer is large enough for the converter to quantise it dynamically.
    "mlp": {"hidden": [64, 32], "dropout": [0.1, 0.0]},
}
SHAPES = {"melconv": (48, 16, 1), "mlp": (180,)}

TOLERANCE = {"float32": 1e-5, "float16": 2e-3, "dynamic": 5e-2, "int8": 1e-1}
"""Largest difference of a logit between Keras and a file, as a share of all logits' span."""

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


@pytest.fixture(scope="module", params=NETWORKS)
def network(request: pytest.FixtureRequest):
    """Return a small network whose weights are not all alike, as Keras has it."""
    keras = pytest.importorskip("keras")
    from trainer.models import build

    keras.utils.set_random_seed(3)
    name = request.param
    return build(name, input_shape=SHAPES[name], n_classes=9, **NETWORKS[name])


@pytest.fixture(scope="module")
def windows(network) -> np.ndarray:
    shape = (40, *network.input_shape[1:])
    return np.random.default_rng(5).standard_normal(shape).astype(np.float32)


@pytest.fixture(scope="module")
def flatbuffers(network, windows: np.ndarray) -> dict[str, bytes]:
    return convert(network, list(windows))


def outputs_of(flatbuffer: bytes, tensors: np.ndarray, *, runtime: str, folder: Path) -> np.ndarray:
    model, inputs = folder / "model.tflite", folder / "inputs.npy"
    model.write_bytes(flatbuffer)
    np.save(inputs, tensors)
    command = (sys.executable, "-c", RUN, str(model), runtime, str(inputs))
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return np.array(json.loads(done.stdout))


def test_each_precision_is_there(flatbuffers: dict[str, bytes]) -> None:
    assert tuple(flatbuffers) == PRECISIONS
    sizes = {precision: len(flatbuffer) for precision, flatbuffer in flatbuffers.items()}
    assert max(sizes["int8"], sizes["float16"]) < sizes["float32"]


def test_description_is_what_was_asked_for(network, flatbuffers: dict[str, bytes]) -> None:
    shape = (1, *network.input_shape[1:])
    for precision, flatbuffer in flatbuffers.items():
        described = describe(flatbuffer)
        dtype = "int8" if precision == "int8" else "float32"
        assert described.input_tensor.dtype == described.output_tensor.dtype == dtype
        assert described.input_tensor.shape == shape
        assert described.output_tensor.shape == (1, 9)
        assert (described.input_tensor.scale > 0) == (precision == "int8")
        names = [operator.name for operator in described.operators]
        assert names == sorted(set(names))
        assert "FULLY_CONNECTED" in names
        assert ("DEQUANTIZE" in names) == (precision == "float16")
        assert described.min_runtime
        refuse_newer_operators(described)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_each_precision_says_what_keras_says_in_both_runtimes(
    precision: str, network, flatbuffers: dict[str, bytes], windows: np.ndarray, tmp_path: Path
) -> None:
    described = describe(flatbuffers[precision])
    tensors = quantize(windows, described.input_tensor)
    expected = network.predict(windows, verbose=0)
    span = expected.max() - expected.min()
    found = {
        runtime: outputs_of(flatbuffers[precision], tensors, runtime=runtime, folder=tmp_path)
        for runtime in ("litert", "tflite-runtime")
    }
    for steps in found.values():
        outputs = dequantize(steps, described.output_tensor)
        assert np.abs(outputs - expected).max() < TOLERANCE[precision] * span
    if precision == "int8":
        assert np.abs(found["litert"] - found["tflite-runtime"]).max() <= 2


def test_a_precision_that_does_not_convert_is_left_out_with_its_reason(
    network, caplog: pytest.LogCaptureFixture
) -> None:
    found = convert(network, [])
    assert tuple(found) == ("float32", "float16", "dynamic")
    told = f"{network.name} does not convert to int8: there is no representative window"
    assert told in caplog.text


def test_a_network_of_other_operators_does_not_convert_at_all() -> None:
    keras = pytest.importorskip("keras")
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Lambda(keras.ops.erf)(inputs), name="odd")
    with pytest.raises(
        ConversionError,
        match=r"^odd does not convert to float32: 'tf.Erf' op is neither .* op; build it of layers",
    ):
        convert(model, [np.zeros(4, np.float32)])


def test_dense_layer_with_a_scale_for_each_channel_is_too_new_for_the_oldest_runtime() -> None:
    tf = pytest.importorskip("tensorflow")
    keras = pytest.importorskip("keras")
    one = keras.Input((64,), batch_size=1)
    converter = tf.lite.TFLiteConverter.from_keras_model(
        keras.Model(one, keras.layers.Dense(64)(one))
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    with pytest.raises(OperatorTooNewError, match=r"version 12, .* has version 10 at most"):
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


def test_an_operator_that_the_oldest_runtime_never_had(flatbuffers: dict[str, bytes]) -> None:
    odd = (Operator(name="STABLEHLO_CASE", version=1),)
    network = dataclasses.replace(describe(flatbuffers["float32"]), operators=odd)
    with pytest.raises(OperatorTooNewError, match=r"STABLEHLO_CASE version 1, .* has none"):
        refuse_newer_operators(network)


def test_nothing_is_said_on_the_terminal(
    network, windows: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    to_int8(network, list(windows[:4]))
    assert capfd.readouterr() == ("", "")
