"""The local log: states, alerts, minute summaries and the program's own troubles, in SQLite.

Never here: sound, features, or anything from which sound could be made again; no network.
May import: `edge.contract`, `edge.decide.outcomes`, `edge.errors` and the standard library.
"""
