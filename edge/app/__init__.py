"""The composition root: it chooses and wires the other rooms, and contains no logic.

Never here: arithmetic, a decision, an output to a person.
May import: everything of the edge but `edge.cli`.
"""
