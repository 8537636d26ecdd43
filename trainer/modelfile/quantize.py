"""Keras to TFLite in four precisions, each for the oldest runtime that the edge serves."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python.convert_phase import ConverterError

from edge.errors import EXIT_BAD_DATA, BundleError, SerError
from trainer.chatter import without_chatter
from trainer.modelfile.network import describe, refuse_newer_operators
from trainer.modelfile.precisions import PRECISIONS

FloatArray = NDArray[np.float32]

_log = logging.getLogger(__name__)


class ConversionError(SerError, ValueError):
    """A network cannot become a flatbuffer that the edge runs."""

    exit_code = EXIT_BAD_DATA


def convert(model: keras.Model, representative: Sequence[FloatArray]) -> dict[str, bytes]:
    """Return the network's flatbuffers by precision, in the order of `PRECISIONS`.

    A precision that does not convert, or not into operators that every runtime of the edge has, is
    left out; a warning says why.

    Parameters
    ----------
    model : keras.Model
    representative : sequence of float32 arrays
        As `to_int8` takes them.

    Raises
    ------
    ConversionError
        If not even float32 converts.
    """
    flatbuffers = {}
    for precision in PRECISIONS:
        try:
            flatbuffers[precision] = _runnable(precision, model, representative)
        except ConversionError as error:
            if precision == "float32":
                raise
            _log.warning("%s", error)
    return flatbuffers


def to_float32(model: keras.Model) -> bytes:
    """Return the network as a float32 flatbuffer with a batch of one."""
    return _convert(_converter(model))


def to_float16(model: keras.Model) -> bytes:
    """Return the network with its weights as float16; it computes in float32."""
    converter = _converter(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return _convert(converter)


def to_dynamic(model: keras.Model) -> bytes:
    """Return the network with int8 weights, whose activations are quantised as they come."""
    converter = _converter(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # A scale for each channel would need FULLY_CONNECTED version 12; tflite-runtime 2.14 has 10.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True  # noqa: SLF001
    return _convert(converter)


def to_int8(model: keras.Model, representative: Sequence[FloatArray]) -> bytes:
    """Return the network as a full int8 flatbuffer with a batch of one.

    Parameters
    ----------
    model : keras.Model
    representative : sequence of float32 arrays
        What the network is fed with on the device, standardised where it is; the ranges of all
        tensors come from them.

    Raises
    ------
    ValueError
        If there is none: the converter itself would make up the ranges without a word.
    """
    if not representative:
        raise ValueError("there is no representative window to take the ranges from")
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


_MAKERS: Mapping[str, Callable[[keras.Model, Sequence[FloatArray]], bytes]] = MappingProxyType(
    {
        "float32": lambda model, _: to_float32(model),
        "float16": lambda model, _: to_float16(model),
        "dynamic": lambda model, _: to_dynamic(model),
        "int8": to_int8,
    }
)


def _runnable(precision: str, model: keras.Model, representative: Sequence[FloatArray]) -> bytes:
    try:
        flatbuffer = _MAKERS[precision](model, representative)
        refuse_newer_operators(describe(flatbuffer))
    except (ConverterError, BundleError, RuntimeError, ValueError) as error:
        raise ConversionError(
            f"{model.name} does not convert to {precision}: {_reason(error)}"
        ) from error
    return flatbuffer


def _reason(error: Exception) -> str:
    """Return the sentence in which a converter's pages of text say what is wrong."""
    if not isinstance(error, ConverterError):
        return str(error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line] or lines or ["it says nothing"]
    sentence = telling[0].rpartition("error: ")[2].rpartition("): ")[2].rstrip(".")
    return f"{sentence}; build it of layers that TFLite has"


def _converter(model: keras.Model) -> tf.lite.TFLiteConverter:
    # A fixed batch of one: without it, shapes stay dynamic, and some operators get newer versions.
    one = keras.Input(model.input_shape[1:], batch_size=1)
    return tf.lite.TFLiteConverter.from_keras_model(keras.Model(one, model(one, training=False)))


def _convert(converter: tf.lite.TFLiteConverter) -> bytes:
    with (
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
        without_chatter(),
    ):
        # It prints the network's signature, and warns of statistics that only float inputs have.
        warnings.simplefilter("ignore", UserWarning)
        return bytes(converter.convert())
