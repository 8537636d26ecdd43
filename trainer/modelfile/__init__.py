"""From a trained network to the one file that a device takes: quantised, checked, described.

Never here: training, recordings.
May import: the pure half of `edge`, keras, `trainer.judging`, `trainer.examples` and what they may.
"""
