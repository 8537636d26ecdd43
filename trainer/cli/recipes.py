"""`ser-trainer recipes`: what can be trained, where it comes from and what was claimed of it."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap

from edge.contract.layouts import Image
from edge.contract.spec import FeatureSpec
from trainer import recipe
from trainer.recipe import Recipe

EXAMPLES = """\
  ser-trainer recipes                      list them, with source and published claim
  ser-trainer recipes mlp-180              print one, as TOML
  ser-trainer recipes mlp-180 > mine.toml  begin a recipe of one's own
  ser-trainer recipes --json               the list for programs, features included
"""

_WIDEST = 100


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", nargs="?", metavar="RECIPE", help="show this one")
    parser.add_argument(
        "--json", action="store_true", help="a list of objects: name, source, claim, spec"
    )


def execute(arguments: argparse.Namespace) -> None:
    """Print one recipe, or the list."""
    if arguments.name and not arguments.json:
        print(recipe.read_text(arguments.name), end="")
        return
    names = [arguments.name] if arguments.name else recipe.names()
    if arguments.json:
        print(json.dumps([_entry(name) for name in names], indent=2, ensure_ascii=False))
        return
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    print("\n\n".join(_paragraph(name, recipe.load(name), width=width) for name in names))


def _entry(name: str) -> dict[str, object]:
    found = recipe.load(name)
    return {
        "name": name,
        "source": found.source,
        "claim": found.claim,
        "spec": found.features.to_dict(),
    }


def _paragraph(name: str, found: Recipe, *, width: int) -> str:
    """Return a recipe in a few lines, the words in one column."""
    rows = {
        "": found.summary,
        "source": found.source,
        "claim": found.claim,
        "learns": ", ".join(use.name for use in found.corpora),
        "hears": _heard(found.features),
    }
    return "\n".join([name, *(_row(title, text, width=width) for title, text in rows.items())])


def _row(title: str, text: str, *, width: int) -> str:
    indent = f"  {title:<8}" if title else "  "
    rest = " " * len(indent)
    return textwrap.fill(text, width=width, initial_indent=indent, subsequent_indent=rest)


def _heard(spec: FeatureSpec) -> str:
    """Say how much sound becomes how many numbers."""
    shape = " x ".join(str(n) for n in spec.shape)
    numbers = f"{shape} image" if isinstance(spec.layout, Image) else f"{shape} numbers"
    return (
        f"{spec.window_length / spec.sample_rate_hz:.1f} s at {spec.sample_rate_hz} Hz: {numbers}"
    )
