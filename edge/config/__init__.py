"""The owner's settings: TOML and environment to frozen values, every fault at once with its line.

Never here: a setting that changes at run time, a secret, a line that writes to the owner's file.
May import: `edge.contract`, `edge.decide`, `edge.stream`, `edge.errors` and the standard library.
"""
