"""The one adapter between us and the TFLite runtimes: LiteRT, or tflite-runtime."""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import BundleError, OperatorTooNewError, RuntimeMissingError

_log = logging.getLogger(__name__)

RuntimeName = Literal["auto", "litert", "tflite-runtime"]

_MODULES: Final = {
    "litert": ("ai_edge_litert.interpreter", "ai-edge-litert"),
    "tflite-runtime": ("tflite_runtime.interpreter", "tflite-runtime"),
}
"""In the order of preference: LiteRT is maintained, and on x86-64 faster with int8."""

_MISSING_OPERATOR = re.compile(r"builtin opcode '(?P<name>\w+)' version '(?P<version>\d+)'")


class Interpreter(Protocol):
    """What we use of a TFLite interpreter."""

    def allocate_tensors(self) -> None:
        """Make room for the tensors; once, before all else."""

    def get_input_details(self) -> list[dict[str, Any]]:
        """Return index, shape, type and quantisation of each input."""

    def get_output_details(self) -> list[dict[str, Any]]:
        """Return the same of each output."""

    def set_tensor(self, tensor_index: int, value: NDArray[np.generic]) -> None:
        """Copy an input in."""

    def invoke(self) -> None:
        """Run the network."""

    def get_tensor(self, tensor_id: int) -> NDArray[np.generic]:
        """Copy an output out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """An installed TFLite runtime."""

    name: Literal["litert", "tflite-runtime"]
    version: str
    interpreter_class: Any

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def find_runtime(wanted: RuntimeName = "auto") -> Runtime:
    """Import a runtime.

    Raises
    ------
    RuntimeMissingError
        If none of those wanted can be imported; the message says why for each.
    """
    reasons = []
    for name in _MODULES if wanted == "auto" else (wanted,):
        module, distribution = _MODULES[name]
        try:
            interpreter_class = importlib.import_module(module).Interpreter
        except ImportError as error:
            reasons.append(f"{distribution}: {error}")
            continue
        version = importlib.metadata.version(distribution)
        return Runtime(name=name, version=version, interpreter_class=interpreter_class)  # type: ignore[arg-type]
    raise RuntimeMissingError(
        f"no TFLite runtime could be imported ({'; '.join(reasons)}); "
        "install ai-edge-litert, or tflite-runtime with numpy below 2 on 32-bit ARM"
    )


def load_interpreter(
    flatbuffer: bytes, *, runtime: Runtime, n_threads: int, source: str
) -> Interpreter:
    """Build an interpreter with its tensors allocated.

    Raises
    ------
    OperatorTooNewError
        If the runtime lacks an operator version that the model needs.
    RuntimeMissingError
        If the runtime does not fit the installed numpy.
    BundleError
        If the runtime refuses the model for another reason.
    """
    try:
        interpreter: Interpreter = runtime.interpreter_class(
            model_content=flatbuffer, num_threads=n_threads
        )
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise _refusal(error, runtime, source) from error
    except (ImportError, SystemError) as error:
        # tflite-runtime 2.14 imports beside numpy 2, and fails only here.
        raise RuntimeMissingError(
            f"{runtime} does not work with numpy {np.__version__} ({error}); "
            "install numpy below 2, or ai-edge-litert"
        ) from error
    return interpreter


def _refusal(error: Exception, runtime: Runtime, source: str) -> BundleError:
    missing = _MISSING_OPERATOR.search(str(error))
    if missing:
        return OperatorTooNewError(
            f"{source}: the model needs {missing['name']} version {missing['version']}, which "
            f"{runtime} does not have; update the runtime or export the model for an older one"
        )
    first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return BundleError(f"{source}: {runtime} refuses the model: {first_line}; export it again")
