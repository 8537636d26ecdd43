"""What a flatbuffer says of itself, and whether every runtime that the edge serves can run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from edge.contract.manifest import Operator, TensorInfo
from edge.errors import OperatorTooNewError
from edge.infer.interpreter import find_runtime, load_interpreter
from trainer.chatter import without_chatter
from trainer.modelfile.operators import NEWEST_VERSIONS

LOWEST_RUNTIME = (2, 14, 0)
"""tflite-runtime 2.14.0 is the last release, and the only runtime for 32-bit ARM."""

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


def describe(flatbuffer: bytes) -> Network:
    """Read a flatbuffer's operators, lowest runtime and tensors."""
    # First, because it verifies what the other reader takes for granted.
    with without_chatter():
        interpreter = load_interpreter(
            flatbuffer, runtime=find_runtime(), n_threads=1, source="the network"
        )
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(flatbuffer))
    codes = {(_name(code), code.version) for code in model.operatorCodes}
    return Network(
        operators=tuple(Operator(name=name, version=version) for name, version in sorted(codes)),
        min_runtime=_min_runtime(model),
        input_tensor=_tensor_info(interpreter.get_input_details()[0]),
        output_tensor=_tensor_info(interpreter.get_output_details()[0]),
    )


def refuse_newer_operators(network: Network) -> None:
    """Raise where the oldest runtime that the edge serves lacks an operator.

    Raises
    ------
    OperatorTooNewError
    """
    lowest = ".".join(str(number) for number in LOWEST_RUNTIME)
    for operator in network.operators:
        newest = NEWEST_VERSIONS.get(operator.name, 0)
        if operator.version > newest:
            has = f"version {newest} at most" if newest else "none"
            raise OperatorTooNewError(
                f"the network has {operator.name} version {operator.version}, tflite-runtime "
                f"{lowest} has {has}; take another precision, or other layers"
            )
    if _numbers(network.min_runtime) > LOWEST_RUNTIME:
        raise OperatorTooNewError(
            f"the network needs TFLite {network.min_runtime}, the lowest runtime that the edge "
            f"supports is {lowest}; build the model of older operators"
        )


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
