"""The running program: the loop from source to listeners, its health, its self-test.

Never here: arithmetic on sound, thresholds, the choice of devices (that is `edge.app`).
May import: everything of the edge but `edge.app`, `edge.cli`, `edge.dashboard`, `edge.notify`.
"""
