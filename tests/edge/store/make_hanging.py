"""Makes hanging.tflite: a network whose loop never ends. Needs TensorFlow; run it by hand."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

TARGET = Path(__file__).with_name("hanging.tflite")


class Endless(tf.Module):
    """The bundled model's shapes around a loop whose condition always holds."""

    @tf.function(input_signature=[tf.TensorSpec([1, 192, 64], tf.float32)])
    def answer(self, features):
        """Never return; the loop depends on the input, so that no converter can fold it."""
        first = tf.abs(tf.reduce_sum(features)) * 0.0 + 1.0
        last, other = tf.while_loop(
            lambda step, _: step >= 0.0,
            lambda step, value: (step * 0.5 + 1.0, tf.abs(value) + 1.0),
            [first, tf.reduce_sum(features) * 0.0],
        )
        return tf.zeros([1, 9]) + last + other


def main() -> None:
    """Write the file."""
    module = Endless()
    concrete = module.answer.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    TARGET.write_bytes(converter.convert())


if __name__ == "__main__":
    main()
