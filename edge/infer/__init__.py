"""From features to probabilities: quantisation, the TFLite interpreter, the classifier.

Never here: sound, memory between calls, thresholds; TensorFlow itself.
May import: `edge.contract`, `edge.dsp`, `edge.errors`, numpy and a TFLite runtime.
"""
