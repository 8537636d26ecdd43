"""Sound in, sound out: decoding, rooms and microphones to train for, sounds without a voice.

Never here: labels, features, networks.
May import: `edge.dsp`, `edge.errors`.
"""
