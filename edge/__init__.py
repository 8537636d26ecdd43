"""The device side: sound in, an emotion on the LEDs and in the log.

Lives here: everything that runs on the Pi. Never: librosa, TensorFlow, corpora or `trainer`.
The pure half (contract, dsp, stream, infer, decide, pipeline) has no device, file or clock.
"""

__version__ = "0.1.0"
