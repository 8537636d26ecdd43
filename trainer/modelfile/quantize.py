"""Keras to TFLite: float32, and full int8 with int8 at both ends, for the oldest runtime."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from edge.contract.manifest import Operator, TensorInfo
from edge.errors import OperatorTooNewError
from edge.infer.interpreter import find_runtime, load_interpreter

FloatArray = NDArray[np.float32]

LOWEST_RUNTIME = (2, 14, 0)
"""tflite-runtime 2.14.0 is the last release, and the only runtime for 32-bit ARM."""

NEWEST_VERSIONS = {"FULLY_CONNECTED": 11}
"""What tflite-runtime 2.14.0 has at most, where a converter is known to write more."""

_OPERATOR_NAMES = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """What a flatbuffer says of itself."""

    operators: tuple[Operator, ...]
    """Sorted by name."""
    min_runtime: str
    """As the converter wrote it; empty where it wrote nothing."""
    input_tensor: TensorInfo
    output_tensor: TensorInfo


def to_float32(model: keras.Model) -> bytes:
    """Return the network as a float32 flatbuffer with a batch of one."""
    return _convert(_converter(model))


def to_int8(model: keras.Model, representative: Sequence[FloatArray]) -> bytes:
    """Return the network as a full int8 flatbuffer with a batch of one.

    Parameters
    ----------
    model : keras.Model
    representative : sequence of float32 arrays
        Windows of features as the device computes them; the ranges of all tensors come from them.
    """
    converter = _converter(model)
    shape = (1, *model.input_shape[1:])

    def windows() -> Iterable[list[FloatArray]]:
        for window in representative:
            yield [window.reshape(shape).astype(np.float32)]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = windows
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return _convert(converter)


def describe(flatbuffer: bytes) -> Network:
    """Read a flatbuffer's operators, lowest runtime and tensors."""
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(flatbuffer))
    codes = {(_name(code), code.version) for code in model.operatorCodes}
    interpreter = load_interpreter(
        flatbuffer, runtime=find_runtime(), n_threads=1, source="the network"
    )
    return Network(
        operators=tuple(Operator(name=name, version=version) for name, version in sorted(codes)),
        min_runtime=_min_runtime(model),
        input_tensor=_tensor_info(interpreter.get_input_details()[0]),
        output_tensor=_tensor_info(interpreter.get_output_details()[0]),
    )


def refuse_newer_operators(network: Network) -> None:
    """Raise where the oldest runtime that we serve lacks an operator.

    Raises
    ------
    OperatorTooNewError
    """
    wanted = ".".join(str(number) for number in LOWEST_RUNTIME)
    for operator in network.operators:
        if operator.version > NEWEST_VERSIONS.get(operator.name, operator.version):
            raise OperatorTooNewError(
                f"the network has {operator.name} version {operator.version}, tflite-runtime "
                f"{wanted} has {NEWEST_VERSIONS[operator.name]} at most; quantise to int8 fully"
            )
    if _numbers(network.min_runtime) > LOWEST_RUNTIME:
        raise OperatorTooNewError(
            f"the network needs TFLite {network.min_runtime}, the lowest runtime that the edge "
            f"supports is {wanted}; build the model of older operators"
        )


def _converter(model: keras.Model) -> tf.lite.TFLiteConverter:
    # A fixed batch of one: without it, shapes stay dynamic, and some operators get newer versions.
    one = keras.Input(model.input_shape[1:], batch_size=1)
    return tf.lite.TFLiteConverter.from_keras_model(keras.Model(one, model(one, training=False)))


def _convert(converter: tf.lite.TFLiteConverter) -> bytes:
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        # It prints the network's signature, and warns of statistics that only float inputs have.
        warnings.simplefilter("ignore", UserWarning)
        return bytes(converter.convert())


def _name(code: Any) -> str:
    builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
    return _OPERATOR_NAMES[builtin]


def _min_runtime(model: Any) -> str:
    for entry in model.metadata or []:
        if entry.name == b"min_runtime_version":
            raw = bytes(model.buffers[entry.buffer].data)
            return raw.rstrip(b"\0").decode()
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _tensor_info(details: dict[str, Any]) -> TensorInfo:
    scale, zero_point = details["quantization"]
    return TensorInfo(
        shape=tuple(int(n) for n in details["shape"]),
        dtype=np.dtype(details["dtype"]).name,  # type: ignore[arg-type]
        scale=float(scale),
        zero_point=int(zero_point),
    )
