"""The table says what was measured, and stands in the README as it was made."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edge.errors import NoInputError, OutputError, UsageError
from tests.support import REPOSITORY
from trainer import recipe as recipes
from trainer.reproduction import rows, table
from trainer.reproduction.rows import Measured, Reproduction, Row

MANY = Measured(
    n_trainings=5,
    n_clips=1199,
    accuracy=0.371,
    accuracy_deviation=0.032,
    uar=0.364,
    uar_deviation=0.03,
)
ONE = Measured(
    n_trainings=1,
    n_clips=240,
    accuracy=0.654,
    accuracy_deviation=None,
    uar=0.648,
    uar_deviation=None,
)
ROW = Row(
    recipe="mlp-180",
    claim="62 %",
    corpora=("ravdess",),
    missing=("crema-d",),
    n_labels=8,
    split="80/20",
    random=ONE,
    disjoint=MANY,
    precision="int8",
    int8_loss=0.004,
    n_bytes=467_000,
    edge_ms=12.34,
    machine="x86_64",
    date_utc="2026-11-21",
)
DONE = Reproduction(
    n_folds=5,
    seeds=(0,),
    libraries={"keras": "3.15.1"},
    rows=(ROW,),
)


def render(reproduction: Reproduction) -> str:
    return table.render(reproduction, ["mlp-180"])


def test_a_line_has_every_figure() -> None:
    line = render(DONE).splitlines()[2]
    for words in ("`mlp-180`", "62 %", "65.4 (64.8) (80/20)", "37.1 ± 3.2 (36.4)", "467 kB int8"):
        assert words in line
    assert "crema-d was not there" in line
    assert "12.3 ms" in line


def test_a_single_training_says_so() -> None:
    alone = dataclasses.replace(DONE, rows=(dataclasses.replace(ROW, disjoint=ONE),))
    assert ", 1 training " in render(alone)


def test_a_file_that_int8_would_spoil_says_so() -> None:
    spoilt = dataclasses.replace(ROW, precision="float32", int8_loss=0.209, n_bytes=60_899_000)
    assert "60899 kB float32: int8 loses 21 points" in render(
        dataclasses.replace(DONE, rows=(spoilt,))
    )


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows.write(tmp_path / "table.json", DONE)
    assert rows.read(tmp_path / "table.json") == DONE


def test_absent_rows_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="run ser-trainer reproduce first"):
        rows.read(tmp_path / "table.json")


def test_the_table_takes_its_place_and_no_other(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.replace_in(readme, "new")
    table.replace_in(readme, "newer")
    assert readme.read_text() == f"before\n{table.BEGIN}\nnewer\n{table.END}\nafter\n"


def test_a_file_without_a_place_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing here\n")
    with pytest.raises(OutputError, match="has no place for the table"):
        table.replace_in(readme, "new")
    assert readme.read_text() == "nothing here\n"


def test_the_readme_has_the_table_that_was_measured() -> None:
    measured = rows.read(REPOSITORY / "docs" / "reproduction.json")
    text = table.render(measured, recipes.names())
    assert text in (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert {row.recipe for row in measured.rows} <= set(recipes.names())


def test_what_is_not_measured_is_said() -> None:
    assert "Not measured yet: `ds-cnn`." in table.render(DONE, ["ds-cnn", "mlp-180"])
    assert "Not measured" not in render(DONE)


def test_rows_of_other_recipes_are_kept() -> None:
    other = dataclasses.replace(ROW, recipe="ds-cnn")
    anew = dataclasses.replace(ROW, n_bytes=1, date_utc="2026-11-23")
    both = dataclasses.replace(DONE, rows=(ROW, other))
    found = rows.merged(both, dataclasses.replace(DONE, rows=(anew,)))
    assert found.rows == (other, anew)
    assert "2026-11-21 to 2026-11-23" in render(found)


def test_rows_of_other_folds_are_not_mixed() -> None:
    with pytest.raises(UsageError, match="have 5 folds"):
        rows.merged(DONE, dataclasses.replace(DONE, n_folds=3))
