"""The lines of the table, and where they are kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from edge.contract import tables
from edge.errors import NoInputError
from trainer import run


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
    """Which file was judged and measured."""
    n_bytes: int
    edge_ms: float
    """Features and network for one window: the median, on the machine that the table names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reproduction:
    """All rows, and what was measured where and when."""

    date_utc: str
    machine: str
    n_folds: int
    seeds: tuple[int, ...]
    libraries: dict[str, str]
    rows: tuple[Row, ...]
    unmeasured: tuple[str, ...]
    """Recipes that have not been trained by both protocols yet."""


def write(path: Path, reproduction: Reproduction) -> None:
    """Write all rows as JSON, whole or not at all."""
    run.write_json(path, tables.to_table(reproduction))


def read(path: Path) -> Reproduction:
    """Read what `write` wrote.

    Raises
    ------
    NoInputError
        If the file is absent.
    """
    if not path.is_file():
        raise NoInputError(f"{path} does not exist; run ser-trainer reproduce first")
    told = json.loads(path.read_text(encoding="utf-8"))
    return tables.from_table(Reproduction, told, path="reproduction")
