"""Networks learn here: losses, schedules, stops, search, temperature.

Never here: files of recordings, figures for people.
May import: keras, `trainer.models`, `trainer.features`, `trainer.examples`, `trainer.judging`,
`trainer.recipe`.
"""
