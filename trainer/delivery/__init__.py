"""From the desktop to the devices: models signed and pushed over the user's own OpenSSH.

Never here: training, figures, a private key's content.
May import: the pure half of `edge`, `trainer.modelfile` and the standard library.
"""
