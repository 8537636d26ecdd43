"""The table as Markdown, for the README and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.errors import NoInputError, OutputError
from trainer import run, stored
from trainer.reproduction.rows import Measured, Reproduction, Row

BEGIN = "<!-- made by `ser-trainer reproduce`: begin -->"
END = "<!-- made by `ser-trainer reproduce`: end -->"

_HEADER = (
    "| recipe | published claim | judged on | random split | new speakers | file | edge |\n"
    "|---|---|---|---|---|---|---|"
)


def render(reproduction: Reproduction, names: Sequence[str]) -> str:
    """Return the table and what must be said of it.

    Parameters
    ----------
    reproduction : Reproduction
    names : sequence of str
        Of all recipes.
    """
    rows = "\n".join(_line(row, reproduction.n_folds) for row in reproduction.rows)
    notes = (
        f"Measured {_dates(reproduction)} on {_machines(reproduction)}, one thread; no Pi.",
        "Accuracy in percent with the deviation over trainings, and in brackets the UAR;",
        f"all of the {_precisions(reproduction)} file itself through the edge's own code.",
        "*Random split*: as published, the same voices on both sides.",
        f"*New speakers*: {reproduction.n_folds} speaker-disjoint folds, or as many as said.",
        "*Edge*: features and network for one window.",
    )
    text = f"{_HEADER}\n{rows}\n\n{' '.join(notes)}"
    missing = ", ".join(f"`{name}`" for name in reproduction.unmeasured(names))
    return f"{text} Not measured yet: {missing}." if missing else text


def replace_in(path: Path, text: str) -> None:
    """Put the table between the two marks of a Markdown file.

    Raises
    ------
    NoInputError
        If the file is absent.
    OutputError
        If it has no marks.
    """
    if not path.is_file():
        raise NoInputError(f"{path} does not exist")
    old = stored.read_text(path, remedy="name a Markdown file with --readme")
    head, begin, rest = old.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise OutputError(f"{path} has no place for the table; write {BEGIN} and {END} into it")
    run.write_bytes(path, f"{head}{BEGIN}\n{text}\n{END}{tail}".encode())


def _line(row: Row, n_folds: int) -> str:
    cells = (
        f"`{row.recipe}`",
        row.claim,
        _corpora(row),
        f"{_figures(row.random)} ({row.split})",
        f"**{_figures(row.disjoint)}**{_only(row.disjoint, n_folds)}",
        _file(row),
        f"{row.edge_ms:.1f} ms",
    )
    return f"| {' | '.join(cells)} |"


def _file(row: Row) -> str:
    size = f"{row.n_bytes / 1000:.0f} kB {row.precision}"
    return (
        size if row.precision == "int8" else f"{size}: int8 loses {100 * row.int8_loss:.0f} points"
    )


def _corpora(row: Row) -> str:
    there = ", ".join(row.corpora)
    missing = f"; {', '.join(row.missing)} was not there" if row.missing else ""
    return f"{there}, {row.n_labels} labels{missing}"


def _figures(measured: Measured) -> str:
    deviation = measured.accuracy_deviation
    spread = "" if deviation is None else f" ± {100 * deviation:.1f}"
    return f"{100 * measured.accuracy:.1f}{spread} ({100 * measured.uar:.1f})"


def _only(measured: Measured, n_folds: int) -> str:
    n_trained = measured.n_trainings
    return "" if n_trained == n_folds else f", {n_trained} training{'s' if n_trained > 1 else ''}"


def _precisions(reproduction: Reproduction) -> str:
    return " or ".join(sorted({row.precision for row in reproduction.rows}))


def _dates(reproduction: Reproduction) -> str:
    dates = sorted({row.date_utc for row in reproduction.rows})
    return " to ".join(dict.fromkeys((dates[0], dates[-1])))


def _machines(reproduction: Reproduction) -> str:
    return " and ".join(sorted({row.machine for row in reproduction.rows}))
