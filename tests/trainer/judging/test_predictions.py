"""The table of predictions comes back as it was written, and says what the edge says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.bundle import ModelBundle
from edge.contract.labels import EMOTIONS
from edge.errors import NoInputError
from tests.support import REPOSITORY, data_dir
from trainer.corpora import find
from trainer.judging.predictions import (
    Prediction,
    predict,
    read_predictions,
    spoken_labels,
    to_csv,
)
from trainer.stored import DamagedError

words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=12)
shares = st.floats(0, 1).map(lambda p: round(p, 6))
predictions = st.builds(
    Prediction,
    precision=st.sampled_from(["int8", "float32"]),
    seed=st.integers(0, 9),
    fold=words,
    file=words,
    corpus=words,
    speaker=words,
    sex=st.sampled_from(["F", "M", ""]),
    age_years=st.none() | st.integers(0, 99),
    truth=st.sampled_from(EMOTIONS),
    intensity=words,
    text=words,
    predicted=st.sampled_from([*EMOTIONS, ""]),
    confidence=shares,
    probabilities=st.dictionaries(st.sampled_from(EMOTIONS), shares),
)


@given(rows=st.lists(predictions, min_size=1, max_size=6))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows) -> None:
    path = tmp_path_factory.mktemp("table") / "predictions.csv"
    path.write_bytes(to_csv(rows).encode())
    assert read_predictions(path) == rows


def test_absent_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="judge the run first"):
        read_predictions(tmp_path / "predictions.csv")


def test_foreign_table_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DamagedError, match=r"predictions\.csv is damaged, .*no column precision"):
        read_predictions(path)


def test_predictions_are_those_of_the_edge() -> None:
    bundle = ModelBundle.load(REPOSITORY / "edge" / "models" / "room.tflite")
    utterances = find("emodb", data_dir()).utterances[:3]
    rows = predict(bundle, utterances, data=data_dir(), precision="int8", seed=1, fold="f")
    assert [row.truth for row in rows] == [u.emotion for u in utterances]
    assert spoken_labels(bundle) == EMOTIONS
    for row, utterance in zip(rows, utterances, strict=True):
        assert row.file == f"emodb/{utterance.path.name}"
        assert row.confidence == max(row.probabilities.values())
        assert row.probabilities[row.predicted] == row.confidence
        assert (row.precision, row.seed, row.fold) == ("int8", 1, "f")


def test_files_are_named_from_the_data_folder_on_wherever_it_lies(tmp_path: Path) -> None:
    data = tmp_path / "emodb" / "corpora"
    names = ("emodb/wav/03a01Fa.flac", "emodb/more/03a01Nc.flac")
    for name in names:
        (data / name).parent.mkdir(parents=True)
        (data / name).symlink_to(data_dir() / "emodb" / Path(name).name)
    bundle = ModelBundle.load(REPOSITORY / "edge" / "models" / "room.tflite")
    found = find("emodb", data).utterances
    rows = predict(bundle, found, data=data, precision="int8", seed=1, fold="")
    assert {row.file for row in rows} == set(names)
