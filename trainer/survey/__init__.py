"""What recordings are there, what is wrong with them, and how they look, before any training.

Never here: splits, networks, anything that changes a recording.
May import: `edge.contract`, `edge.dsp`, `edge.errors`, `trainer.corpora`, `trainer.sound`,
`trainer.features`; matplotlib.
"""
