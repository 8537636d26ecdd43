"""The local log: states, alarms, minute summaries and the program's own troubles, in SQLite.

Never here: sound, features, or anything from which sound could be made again; no network.
May import: `edge.contract`, the words of `edge.decide` (`outcomes`, `alarms`), `edge.errors` and
the standard library.
"""
