"""The desktop side: recordings in, one verified model file out.

Lives here: corpora, training, quantisation, honest figures, export. Never: what runs on the Pi.
May import: librosa, TensorFlow, and of `edge` only the pure half (contract to analysis); the
studio alone opens its microphones.
"""
