"""`ser-edge check-config`: what the settings are, who set them, and what is wrong with them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edge.config.load import DEFAULT_FILE, FaultyConfigError, Loaded, load_config, log_file
from edge.config.places import Places
from edge.config.settings import Config
from edge.contract.tables import to_table
from edge.errors import EXIT_CONFIG, EXIT_OK

EXAMPLES = """\
  ser-edge check-config
  ser-edge check-config --config ./config.toml --json
  ser-edge check-config --print-default | sudo tee /etc/ser-edge/config.toml
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", metavar="FILE", type=Path, help="configuration file")
    parser.add_argument(
        "--print-default", action="store_true", help="print a file with every setting explained"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(arguments: argparse.Namespace) -> int:
    """Print the settings in force, or every fault."""
    if arguments.print_default:
        print(DEFAULT_FILE.read_text(encoding="utf-8"), end="")
        return EXIT_OK
    places = Places.here()
    try:
        loaded = load_config(file=arguments.config, places=places)
    except FaultyConfigError as error:
        if not arguments.json:
            raise
        print(json.dumps({"ok": False, "faults": [to_table(fault) for fault in error.faults]}))
        return EXIT_CONFIG
    print(json.dumps(document(loaded, places)) if arguments.json else _text(loaded, places))
    return EXIT_OK


def document(loaded: Loaded, places: Places) -> dict[str, Any]:
    """Return the settings in force, as `--json` prints them."""
    return {
        "ok": True,
        "file": None if loaded.file is None else str(loaded.file),
        "log": str(log_file(loaded.config, places)),
        "settings": {
            path: {"value": value, "origin": _origin(path, loaded.origins)}
            for path, value in _settings(loaded.config)
        },
    }


def _text(loaded: Loaded, places: Places) -> str:
    source = "no file; the defaults hold" if loaded.file is None else str(loaded.file)
    rows = [
        f"{f'{path} = {_shown(value)}':40} # {_origin(path, loaded.origins)}"
        for path, value in _settings(loaded.config)
    ]
    return "\n".join([f"settings: {source}", f"log: {log_file(loaded.config, places)}", *rows])


def _settings(config: Config) -> Iterator[tuple[str, Any]]:
    """Give every setting with its path, in the order of the default file."""
    for section, value in to_table(config).items():
        tables = enumerate(value) if isinstance(value, list) else ()
        yield from ((f"{section}.{key}", item) for key, item in _items(value))
        for i, table in tables:
            yield from ((f"{section}[{i}].{key}", item) for key, item in table.items())


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, Mapping) else ()


def _origin(path: str, origins: Mapping[str, str]) -> str:
    return origins.get(path, "default")


def _shown(value: Any) -> str:
    return "none" if value is None else json.dumps(value)
