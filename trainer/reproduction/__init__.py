"""Every recipe by its published split and by new speakers, in one table: the gap is the message.

Never here: training itself (`trainer.study`), figures (`trainer.judging`).
May import: the rooms of the trainer but its command line.
"""
