"""Installed models: received, verified, tried, switched to and taken back, whatever happens.

Never here: a microphone, a decision about sound, a word to a person.
May import: `edge.contract`, `edge.infer`, `edge.selftest`, `edge.errors` and the standard library.
"""
