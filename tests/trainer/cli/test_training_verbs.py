"""`train --resume`, `crossval` and `reproduce`, as their users call them, on few recordings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

from edge.errors import AudioDataError
from tests.trainer.quick import quick_recipe
from trainer import produce
from trainer import recipe as recipes
from trainer.cli import main
from trainer.recipe.schema import NamedSpeakers


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a recipe that ends in seconds."""
    split = NamedSpeakers(kind="named", validation=("ravdess_02",), test=("ravdess_17",))
    quick = quick_recipe(name="small", split=split)
    path = tmp_path_factory.mktemp("recipe") / "small.toml"
    path.write_text(recipes.to_toml(quick))
    return path


@pytest.fixture
def common(slice_of_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    cache = tmp_path_factory.getbasetemp() / "verbs-cache"
    return ["--data", str(slice_of_data), "--cache", str(cache), "--processes", "1"]


def test_an_interrupted_training_is_resumed(
    small: Path,
    common: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    real = produce.quantize.convert

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(produce.quantize, "convert", cut)
    assert main(["train", str(small), "--out", str(run), *common]) == 130
    assert not (run / "run.json").exists()
    assert main(["export", str(run), "--out", str(tmp_path / "m"), *common[:2]]) == 66
    assert "no finished run" in capsys.readouterr().err

    assert main(["train", str(small), "--out", str(run), *common]) == 74
    assert "--resume" in capsys.readouterr().err
    monkeypatch.setattr(produce.quantize, "convert", real)
    assert main(["train", "--resume", str(run), *common]) == 0
    assert {path.stem for path in run.glob("*.tflite")} == {
        "float32",
        "float16",
        "dynamic",
        "int8",
    }
    assert main(["train", "--resume", str(run), *common]) == 2
    assert "nothing to go on with" in capsys.readouterr().err


def test_recordings_that_cannot_be_split_leave_nothing_behind(
    small: Path, common: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = small.read_text().replace("ravdess_17", "ravdess_99")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text)
    assert main(["train", str(wrong), "--out", str(tmp_path / "run"), *common]) == 2
    assert "no speaker ravdess_99" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either a recipe"),
        (["mlp-180", "--resume", "runs/x"], "give either a recipe"),
    ],
)
def test_wrong_commands_are_explained(
    arguments: list[str],
    message: str,
    slice_of_data: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", *arguments, "--data", str(slice_of_data)]) == 2
    assert message in capsys.readouterr().err


def test_crossval_prints_means_over_trainings(
    small: Path, common: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--folds", "2", "--out", str(tmp_path / "study"), "--precisions", "float32"]
    assert main(["crossval", str(small), *options, *common]) == 0
    told = capsys.readouterr().out
    assert "speaker-disjoint folds" in told
    assert "from 2 trainings" in told
    assert (tmp_path / "study" / "predictions.csv").is_file()


@pytest.mark.parametrize("protocol", ["corpora", "sentences"])
def test_crossval_by_other_protocols(
    protocol: str,
    small: Path,
    common: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--protocol", protocol, "--only", "1", "--corpora", "ravdess,emodb"]
    options += ["--out", str(tmp_path / "study"), "--precisions", "int8"]
    assert main(["crossval", str(small), *options, *common]) == 0
    assert "from 1 trainings" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "1,x"], "--seeds is '1,x'"),
        (["--precisions", "int8,int4"], "--precisions names int4; known are float32, float16"),
    ],
)
def test_crossval_refuses_what_it_does_not_know_before_it_trains(
    arguments: list[str],
    message: str,
    small: Path,
    common: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "study"
    assert main(["crossval", str(small), *arguments, "--out", str(out), *common]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("verb", "arguments", "message"),
    [
        ("train", ["--processes", "0"], "--processes: '0', expected a whole number from 1 on"),
        ("crossval", ["--only", "-1"], "--only: '-1', expected a whole number from 0 on"),
    ],
)
def test_counts_that_cannot_be_are_refused_with_the_usage(
    verb: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ending:
        main([verb, "mlp-180", *arguments])
    assert ending.value.code == 2
    assert message in capsys.readouterr().err


def test_reproduce_writes_rows_and_table(
    common: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    small: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(recipes, "names", lambda: ["small"])
    monkeypatch.setattr(recipes, "load", lambda _: recipes.parse(small.read_text(), origin="small"))
    readme = tmp_path / "README.md"
    from trainer.reproduction import table

    readme.write_text(f"{table.BEGIN}\n{table.END}\n")
    options = ["--out", str(tmp_path / "all"), "--folds", "2", "--readme", str(readme)]
    assert main(["reproduce", *options, *common]) == 0
    (row,) = json.loads((tmp_path / "all" / "table.json").read_text())["rows"]
    assert row["recipe"] == "small"
    assert row["disjoint"]["n_trainings"] == 2
    assert row["random"]["n_trainings"] == 1
    printed = capsys.readouterr().out
    assert "`small`" in printed
    assert "`small`" in readme.read_text()

    monkeypatch.setattr(produce, "produce", refuse)
    assert main(["reproduce", *options, "--collect", *common]) == 0
    assert (
        capsys.readouterr().out.splitlines()[2].split("|")[:6]
        == (printed.splitlines()[2].split("|")[:6])
    )


def refuse(*_: object, **__: object) -> None:
    raise AudioDataError("trained again")


def test_reproduce_names_an_unknown_recipe(
    common: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", "--recipes", "mlp-181", *common]) == 2
    assert "--recipes names mlp-181" in capsys.readouterr().err
