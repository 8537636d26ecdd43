"""EmotionClassifier: a verified model bundle made ready to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contract.bundle import ModelBundle
from edge.contract.labels import NON_VOICE
from edge.contract.manifest import Manifest, TensorInfo
from edge.errors import BundleError
from edge.infer.interpreter import Interpreter, RuntimeName, find_runtime, load_interpreter
from edge.infer.quantize import dequantize, quantize


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowProbabilities:
    """What the model says of one window of features."""

    emotions: dict[str, float]
    """Calibrated probability of each emotion that the model knows, given that this is a voice."""
    non_voice: float
    """Probability that the window holds no voice; 0 for a model without that output."""


class EmotionClassifier:
    """A model and its interpreter. Not safe for use by two threads at once.

    Parameters
    ----------
    bundle : ModelBundle
    runtime : {"auto", "litert", "tflite-runtime"}
    n_threads : int
        Threads of the interpreter; 1 is best for networks of this size.

    Raises
    ------
    RuntimeMissingError, BundleError
    """

    def __init__(
        self, bundle: ModelBundle, *, runtime: RuntimeName = "auto", n_threads: int = 1
    ) -> None:
        self.bundle = bundle
        self.runtime = find_runtime(runtime)
        manifest = bundle.manifest
        self._interpreter = load_interpreter(
            bundle.flatbuffer, runtime=self.runtime, n_threads=n_threads, source=manifest.name
        )
        self._input_index, self._output_index = _checked_tensors(self._interpreter, manifest)
        self._mean_and_scale = _mean_and_scale(manifest)

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the model's outputs, shape (n_labels,), for one window of features.

        ``features`` has the shape of the manifest's specification.
        """
        manifest = self.bundle.manifest
        tensor = quantize(self._standardised(features), manifest.input_tensor)
        shaped = tensor.reshape(manifest.input_tensor.shape)
        self._interpreter.set_tensor(self._input_index, shaped)
        self._interpreter.invoke()
        output = self._interpreter.get_tensor(self._output_index)[0]
        return _as_logits(dequantize(output, manifest.output_tensor), manifest)

    def probabilities(self, features: NDArray[np.float32]) -> WindowProbabilities:
        """Return calibrated probabilities for one window of features."""
        return probabilities_of(self.logits(features), self.bundle.manifest)

    def _standardised(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._mean_and_scale is None:
            return features
        mean, scale = self._mean_and_scale
        return (features - mean) / scale


def probabilities_of(logits: NDArray[np.float32], manifest: Manifest) -> WindowProbabilities:
    """Return calibrated probabilities for the model's outputs, shape (n_labels,)."""
    scaled = logits.astype(np.float64) / manifest.temperature
    everything = dict(zip(manifest.labels, _softmax(scaled).tolist(), strict=True))
    non_voice = everything.pop(NON_VOICE, 0.0)
    emotions = dict(zip(everything, _softmax(scaled[: len(everything)]).tolist(), strict=True))
    return WindowProbabilities(emotions=emotions, non_voice=non_voice)


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(values - values.max())
    return powers / powers.sum()


def _as_logits(output: NDArray[np.float32], manifest: Manifest) -> NDArray[np.float32]:
    if manifest.output == "logits":
        return output
    return np.log(np.maximum(output, np.float32(1e-6)))


def _mean_and_scale(
    manifest: Manifest,
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    fitted, shape = manifest.standardise, manifest.features.shape
    if fitted is None:
        return None
    if not len(fitted.mean) == len(fitted.scale) == np.prod(shape):
        raise BundleError(
            f"{manifest.name}: its standardisation has {len(fitted.mean)} means and "
            f"{len(fitted.scale)} scales, but its features have shape {shape}; "
            "export the model again"
        )
    mean, scale = np.array(fitted.mean, np.float32), np.array(fitted.scale, np.float32)
    return mean.reshape(shape), scale.reshape(shape)


def _checked_tensors(interpreter: Interpreter, manifest: Manifest) -> tuple[int, int]:
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    for role, details, declared in (
        ("input", inputs, manifest.input_tensor),
        ("output", outputs, manifest.output_tensor),
    ):
        found = _tensor_info(details[0])
        if len(details) != 1 or found != declared:
            raise BundleError(
                f"{manifest.name}: the network's {role} is {found}, its manifest says {declared}; "
                "export the model again"
            )
    _check_sizes(manifest)
    return int(inputs[0]["index"]), int(outputs[0]["index"])


def _check_sizes(manifest: Manifest) -> None:
    n_inputs, n_outputs = np.prod(manifest.input_tensor.shape), manifest.output_tensor.shape[-1]
    if n_inputs != np.prod(manifest.features.shape) or n_outputs != len(manifest.labels):
        raise BundleError(
            f"{manifest.name}: the network maps {n_inputs} numbers to {n_outputs}, but its "
            f"features have shape {manifest.features.shape} and there are "
            f"{len(manifest.labels)} labels; export the model again"
        )


def _tensor_info(details: dict[str, Any]) -> TensorInfo:
    scale, zero_point = details["quantization"]
    return TensorInfo(
        shape=tuple(int(n) for n in details["shape"]),
        dtype=np.dtype(details["dtype"]).name,  # type: ignore[arg-type]
        scale=float(scale),
        zero_point=int(zero_point),
    )
