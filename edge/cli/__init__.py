"""The verbs of `ser-edge`: one module a verb, each with configure() and execute().

Never here: arithmetic, decisions, devices; a verb asks `edge.app` and prints.
May import: everything of the edge.
"""

from edge.cli.main import main

__all__ = ["main"]
