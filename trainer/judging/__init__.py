"""Figures that can be believed: the model file itself through the edge's own code, and statistics.

Never here: training, plots, pages.
May import: the pure half of `edge`, `trainer.corpora`, `trainer.sound`.
"""
