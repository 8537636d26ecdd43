"""Sound in, sound out: decoding, rooms and microphones to train for, sounds without a voice.

Never here: labels, features, networks.
May import: `edge.contract.tables`, `edge.dsp`, `edge.errors`; nothing else of `trainer`.
"""
