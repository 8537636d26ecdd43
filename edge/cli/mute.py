"""`ser-edge mute`: the microphone is closed."""

from __future__ import annotations

import argparse

from edge.cli.asking import add_json, say, who
from edge.config.places import Places
from edge.errors import EXIT_OK
from edge.service.commands import Ears

EXAMPLES = """\
  ser-edge mute                close the microphone; it stays closed over a restart
  ser-edge unmute              open it again
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Close the microphone; 69 if nothing runs."""
    answer = Ears(Places.here()).mute(who=who())
    say(answer, "the microphone is closed; `ser-edge unmute` opens it", as_json=arguments.json)
    return EXIT_OK
