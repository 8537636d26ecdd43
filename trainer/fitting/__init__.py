"""Networks learn here: losses, schedules, stops, search, temperature.

Never here: files of recordings, figures for people.
May import: `edge.contract`, `edge.errors`, TensorFlow, Optuna; `trainer.models`, `trainer.recipe`,
`trainer.corpora`, `trainer.features`, `trainer.examples`, `trainer.judging`.
"""
