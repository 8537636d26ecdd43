"""`ser-edge model list`: the models that are installed here, and how the last trial ended."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

from edge.app import models
from edge.config.load import load_config
from edge.contract import tables
from edge.errors import EXIT_OK
from edge.store.catalog import ModelStore
from edge.store.entries import Installed, TrialOutcome
from edge.store.starting import BUNDLED

HELP: Final = "list the installed models, and say how the last trial ended"

EXAMPLES: Final = """\
  ser-edge model list
  ser-edge model list --json
"""

EXIT_CODES: Final = """\
  0  done                      74 the models cannot be read
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", type=Path, help="configuration file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(arguments: argparse.Namespace) -> int:
    """Print the list."""
    config = load_config(file=arguments.config).config
    store = models.model_store(config)
    if arguments.json:
        print(json.dumps(_table(store, pinned=config.model.path), ensure_ascii=False))
        return EXIT_OK
    print("\n".join(_lines(store)))
    if path := config.model.path:
        print(f"model.path names {path}: that model runs, and none of these")
    return EXIT_OK


def _table(store: ModelStore, *, pinned: str) -> dict[str, Any]:
    trial = store.trial()
    return {
        "current": store.current_id(),
        "previous": store.previous_id(),
        "pinned": pinned or None,
        "trial": tables.to_table(trial) if trial else None,
        "last_trial": tables.to_table(store.last_trial()) if store.last_trial() else None,
        "installed": [_row(model) for model in store.installed()],
    }


def _row(model: Installed) -> dict[str, Any]:
    return {**tables.to_table(model), "path": str(model.path)}


def _lines(store: ModelStore) -> list[str]:
    roles = _roles(store)
    rows = [(roles.pop(None, ""), *_BUNDLED_ROW)]
    rows += [(roles.pop(model.id, ""), *_cells(model)) for model in store.installed()]
    rows += [(role, str(absent), "damaged: push it again", "") for absent, role in roles.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    last = store.last_trial()
    return [*lines, _told(last)] if last else lines


def _cells(model: Installed) -> tuple[str, str, str]:
    signer = f"signed by {model.signer}" if model.signer else "not signed"
    return model.id, f"received {model.received_utc[:16].replace('T', ' ')} UTC", signer


_BUNDLED_ROW: Final = (BUNDLED, "comes with the program", "")


def _roles(store: ModelStore) -> dict[str | None, str]:
    current, previous = store.current_id(), store.previous_id()
    roles = {} if previous == current else {previous: "previous"}
    return roles | {current: "current, on trial" if store.trial() else "current"}


def _told(last: TrialOutcome) -> str:
    when = f"{last.at_utc[:16].replace('T', ' ')} UTC"
    return f"last change: {last.model or BUNDLED} was {_WORDS[last.outcome]} at {when}: {last.why}"


_WORDS: Final = {"confirmed": "confirmed", "reverted": "taken back", "rolled back": "rolled back"}
