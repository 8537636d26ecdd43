"""Sound to numbers on the desktop: librosa as the oracle, the cache, and parity with the device.

Never here: labels, splits, networks.
May import: the pure half of `edge`, `trainer.sound`, `trainer.recipe`, and the base of
`trainer.corpora`.
"""
