"""`ser-edge unmute`: the microphone is opened again."""

from __future__ import annotations

import argparse

from edge.cli.asking import add_json, say, who
from edge.config.places import Places
from edge.errors import EXIT_OK
from edge.service.commands import Ears

EXAMPLES = """\
  ser-edge unmute              open the microphone that `ser-edge mute` or the button closed
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Open the microphone; 69 if nothing runs."""
    answer = Ears(Places.here()).unmute(who=who())
    say(answer, "the microphone is open again", as_json=arguments.json)
    return EXIT_OK
