"""From a trained network to the one file that a device takes: quantised, checked, described.

Never here: training, recordings.
May import: the pure half of `edge`, TensorFlow; `trainer.judging`, `trainer.run`,
`trainer.examples` and what they may.
"""
