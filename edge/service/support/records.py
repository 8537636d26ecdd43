"""What of the local log helps: how much there is, and the newest rows without names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from edge.contract.labels import EMOTIONS, GROUPS
from edge.record.query import LogReader, Selection
from edge.record.rows import KINDS

_SHORTEST_NAME: Final = 4
_N_ROWS: Final = 200
_N_SESSIONS: Final = 20


def statistics(log: Path) -> str:
    """Return how large the log is, how many rows it has had, and its last sessions, as JSON."""
    with LogReader(log) as reader:
        sessions = reader.sessions()
        counts = {kind.TABLE: reader.newest_id(kind) for kind in KINDS}
    table = {
        "bytes": {
            path.name: path.stat().st_size for path in sorted(log.parent.glob(f"{log.name}*"))
        },
        "rows_ever": counts,
        "sessions": len(sessions),
        "interrupted_sessions": sum(session.interrupted for session in sessions),
        "last_sessions": [asdict(session) for session in sessions[-_N_SESSIONS:]],
    }
    return json.dumps(table, indent=2) + "\n"


def newest_rows(log: Path, *, rules: Mapping[str, str]) -> str:
    """Return the newest rows of all kinds, one JSON object a line, the oldest first.

    Parameters
    ----------
    log : Path
    rules : Mapping
        What stands for the name of each alert rule: the owner gave it, perhaps a person's.
    """
    with LogReader(log) as reader:
        rows = [
            (row.session, row.sequence, {"table": kind.TABLE, **asdict(row)})
            for kind in KINDS
            for row in reader.rows(kind, Selection(newest=_N_ROWS))
        ]
    rows.sort(key=lambda row: row[:2])
    return "".join(json.dumps(_without_names(table, rules)) + "\n" for *_, table in rows[-_N_ROWS:])


def stand_ins(rules: Iterable[str]) -> dict[str, str]:
    """Return what is said instead of the names of alert rules."""
    return {name: f"rule {number}" for number, name in enumerate(rules, start=1)}


def telling(rules: Mapping[str, str]) -> dict[str, str]:
    """Return the names that are taken out of any text: those that are no common words."""
    common = {*EMOTIONS, *GROUPS}
    return {
        name: instead
        for name, instead in rules.items()
        if len(name) >= _SHORTEST_NAME and name not in common
    }


def _without_names(table: dict[str, Any], rules: Mapping[str, str]) -> dict[str, Any]:
    """Return a row without what people are called, and without what they wrote themselves."""
    if "rule" in table:
        table["rule"] = rules.get(table["rule"], "a former rule")
    if "who" in table:
        table["who"] = table["who"].split(":")[0]
        table["note"] = f"{len(table['note'])} characters"
    if "notify" in table:
        table["notify"] = f"{len(table['notify'])} channels"
    return table
