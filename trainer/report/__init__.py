"""A run's figures as one web page that needs nothing but itself, and as JSON.

Never here: the figures' arithmetic, which is `trainer.judging`'s; scripts, fonts or pictures from
elsewhere.
May import: everything of the trainer but `trainer.cli`; Jinja2.
"""
