"""The lines of the table, and where they are kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.contract import tables
from edge.errors import NoInputError, UsageError
from trainer import run, stored


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What one study found; all but the counts are shares of 1."""

    n_trainings: int
    n_clips: int
    """Judged clips, over all trainings."""
    accuracy: float
    """Mean over trainings."""
    accuracy_deviation: float | None
    """Sample deviation over trainings; None for one."""
    uar: float
    uar_deviation: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One recipe."""

    recipe: str
    claim: str
    corpora: tuple[str, ...]
    """What it was trained and judged on."""
    missing: tuple[str, ...]
    """Corpora of the recipe that were not there."""
    n_labels: int
    split: str
    """The random split, as in ``"80/20"``: training (and validation) over test."""
    random: Measured
    """By the published random split."""
    disjoint: Measured
    """By speaker-disjoint folds."""
    precision: str
    """Which file the line is about: int8, or float32 where int8 loses more than is allowed."""
    int8_loss: float
    """UAR that int8 loses against float32 on the random split; 0.01 is a point."""
    n_bytes: int
    edge_ms: float
    """Features and network for one window: the median on `machine`."""
    machine: str
    date_utc: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reproduction:
    """All rows, and how they were made."""

    n_folds: int
    seeds: tuple[int, ...]
    libraries: dict[str, str]
    rows: tuple[Row, ...]

    def unmeasured(self, names: Sequence[str]) -> list[str]:
        """Return the recipes that have no row yet."""
        measured = {row.recipe for row in self.rows}
        return [name for name in names if name not in measured]


def merged(old: Reproduction, new: Reproduction) -> Reproduction:
    """Return the new rows, and the old ones of recipes that were not measured anew.

    Raises
    ------
    UsageError
        If they were not made by the same folds and seeds.
    """
    if (old.n_folds, old.seeds) != (new.n_folds, new.seeds):
        raise UsageError(
            f"the rows that are there have {old.n_folds} folds and seeds {old.seeds}, these have "
            f"{new.n_folds} and {new.seeds}; write them to another file with --json"
        )
    measured = {row.recipe for row in new.rows}
    kept = tuple(row for row in old.rows if row.recipe not in measured)
    rows = tuple(sorted((*kept, *new.rows), key=lambda row: row.recipe))
    return dataclasses.replace(new, rows=rows)


def write(path: Path, reproduction: Reproduction) -> None:
    """Write all rows as JSON, whole or not at all."""
    run.write_json(path, tables.to_table(reproduction))


def read(path: Path) -> Reproduction:
    """Read what `write` wrote.

    Raises
    ------
    NoInputError
        If the file is absent.
    DamagedError
        If it holds something else.
    """
    if not path.is_file():
        raise NoInputError(f"{path} does not exist; run ser-trainer reproduce first")
    remedy = "delete it, and all rows are collected anew"
    return stored.read_table(Reproduction, path, remedy=remedy)
