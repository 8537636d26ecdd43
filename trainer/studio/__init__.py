"""The studio: one person's labelled sentences, from a microphone into a corpus of one's own.

`plan`, `listening` and `verdict` are pure: time is counted in samples, and no terminal, file or
device is known to them. `microphone` is the trainer's only door to the edge's devices.

Never here: features, models, training.
May import: `edge.contract`, `edge.dsp`, `edge.stream`, `edge.errors`; `trainer.corpora` for the
list of recordings; `trainer.run` for files that are whole or absent; `edge.devices` in
`microphone` alone.
"""
