"""The verbs of `ser-trainer`: one module a verb, each with EXAMPLES, configure() and execute().

Never here: arithmetic, training, figures; a verb asks the other rooms and prints.
May import: everything of the trainer; heavy libraries only through the verb that needs them.
"""

from trainer.cli.main import main

__all__ = ["main"]
