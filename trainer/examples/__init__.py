"""What a network learns from and is judged by: splits, data sets, windows drawn on the fly.

Never here: networks, losses, figures.
May import: the pure half of `edge`, `trainer.corpora`, `trainer.sound`, `trainer.features`,
`trainer.recipe`.
"""
