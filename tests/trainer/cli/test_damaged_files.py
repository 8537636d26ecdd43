"""Every file that the trainer reads back, damaged: one sentence that names it, and exit code."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from edge.contract.bundle import ModelBundle
from tests.support import REPOSITORY
from tests.trainer.quick import quick_recipe
from trainer import produce
from trainer import recipe as recipes
from trainer.cli import main
from trainer.fitting import engine
from trainer.recipe.schema import NamedSpeakers

WORDS = "these are other words\n" * 40

Common = list[str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the file of a recipe that ends in seconds."""
    folder = tmp_path_factory.mktemp("damaged")
    split = NamedSpeakers(kind="named", validation=("ravdess_02",), test=("ravdess_17",))
    text = recipes.to_toml(quick_recipe(name="small", split=split))
    (folder / "small.toml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def common(slice_of_data: Path, place: Path) -> Common:
    return ["--data", str(slice_of_data), "--cache", str(place / "cache"), "--processes", "1"]


@pytest.fixture(scope="module")
def finished(place: Path, common: Common) -> Path:
    """Return a run that has ended, and was judged."""
    assert main(["train", str(place / "small.toml"), "--out", str(place / "run"), *common]) == 0
    assert main(["report", str(place / "run"), "--quick", *common[:2]]) == 0
    return place / "run"


@pytest.fixture(scope="module")
def unfinished(place: Path, common: Common) -> Path:
    """Return a run that was interrupted behind its last epoch."""

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(produce.quantize, "convert", cut)
        patch.setattr(engine, "_CHECKPOINT_EVERY_S", 0.0)
        folder = str(place / "half")
        assert main(["train", str(place / "small.toml"), "--out", folder, *common]) == 130
    return place / "half"


@pytest.fixture(scope="module")
def study(place: Path, common: Common) -> Path:
    folder = str(place / "study")
    options = ["--folds", "2", "--only", "1", "--precisions", "float32", "--out", folder]
    assert main(["crossval", str(place / "small.toml"), *options, *common]) == 0
    return place / "study"


@pytest.fixture(scope="module")
def searched(place: Path, common: Common) -> Path:
    folder = place / "searched"
    options = ["--trials", "1", "--folds", "2", "--out", str(folder / "best.toml")]
    space = place / "space.toml"
    space.write_text("[learning.fit.learning_rate]\nlow = 1e-4\nhigh = 1e-2\n")
    options += ["--space", str(space)]
    assert main(["search", str(place / "small.toml"), *options, *common]) == 0
    return folder


def empty(path: Path) -> None:
    path.write_bytes(b"")


def truncated(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def other_words(path: Path) -> None:
    path.write_text(WORDS)


def no_text(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 4)


def other_keys(path: Path) -> None:
    """Put a whole file of the same kind there, which is somebody else's."""
    match path.suffix:
        case ".json":
            path.write_text('{"version": 3, "rows": [1, 2]}\n')
        case ".csv":
            path.write_text("name,value\na,1\n")
        case ".toml":
            path.write_text("[tool]\nname = 1\n")
        case ".npz":
            np.savez(path, weights=np.zeros(3))
        case ".keras":
            with zipfile.ZipFile(path, "w") as file:
                file.writestr("notes.txt", "nothing")
        case ".db":
            path.unlink()
            with closing(sqlite3.connect(path)) as database, database:
                database.execute("CREATE TABLE studies (name TEXT)")
            database.close()
        case ending:
            raise AssertionError(ending)


def other_values(path: Path) -> None:
    """Put a JSON list there, or cells that are no numbers, or cells too many."""
    match path.suffix:
        case ".json":
            path.write_text("[1, 2]\n")
        case _:
            first, *rest = path.read_text().splitlines()
            path.write_text("\n".join([first, *(f"{line},x" for line in rest), ""]))


ANY = (empty, truncated, other_words, no_text, other_keys)
TEXT = (*ANY, other_values)

Damage = Callable[[Path], None]


def table(
    kind: str, file: str, verb: str, damages: tuple[Damage, ...], *, code: int = 65
) -> list[object]:
    return [
        pytest.param(kind, file, verb, damage, code, id=f"{verb}-{file}-{damage.__name__}")
        for damage in damages
    ]


@pytest.mark.parametrize(
    ("kind", "file", "verb", "damage", "code"),
    [
        *table("finished", "recipe.toml", "report", ANY, code=78),
        *table("finished", "run.json", "report", TEXT),
        *table("finished", "run.json", "export", (truncated,)),
        *table("finished", "split.csv", "report", TEXT),
        *table("finished", "split.csv", "export", (truncated,)),
        *table("finished", "predictions.csv", "report", TEXT),
        *table("finished", "history.csv", "report", TEXT),
        *table("finished", "int8.tflite", "report", ANY[:4]),
        *table("finished", "float32.tflite", "export", ANY[:4]),
        *table("finished", "int8.tflite", "export", (truncated,)),
        *table("finished", "model.keras", "export", ANY),
        *table("unfinished", "recipe.toml", "resume", ANY, code=78),
        *table("unfinished", "checkpoint.npz", "resume", ANY),
        *table("unfinished", "history.csv", "resume", TEXT),
        *table("study", "study.json", "crossval", TEXT),
        *table("study", "cells/seed7-folds-1/predictions.csv", "crossval", TEXT),
        *table("study", "recipe.toml", "report", ANY, code=78),
        *table("searched", "best.db", "search", ANY[1:]),
    ],
)
def test_a_damaged_file_is_named_in_one_sentence(
    kind: str,
    file: str,
    verb: str,
    damage: Damage,
    code: int,
    request: pytest.FixtureRequest,
    place: Path,
    common: Common,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(request.getfixturevalue(kind), folder)
    damage(folder / file)
    before = contents(folder)
    capsys.readouterr()
    assert main(command(verb, folder, place, common)) == code
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("ser-trainer: ")
    assert Path(file).name in told
    assert "; " in told or code == 78
    assert contents(folder) == before


def command(verb: str, folder: Path, place: Path, common: Common) -> list[str]:
    recipe = str(place / "small.toml")
    match verb:
        case "report":
            return ["report", str(folder), "--quick"]
        case "export":
            out = str(folder.parent / "out.tflite")
            return ["export", str(folder), "--out", out, *common[:2]]
        case "resume":
            return ["train", "--resume", str(folder), *common]
        case "crossval":
            options = ["--folds", "2", "--only", "1", "--precisions", "float32"]
            return ["crossval", recipe, *options, "--out", str(folder), *common]
        case "search":
            options = ["--trials", "2", "--folds", "2", "--space", str(place / "space.toml")]
            return ["search", recipe, *options, "--out", str(folder / "best.toml"), *common]
        case other:
            raise AssertionError(other)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "tensorboard" not in path.parts
    }


def test_a_network_of_another_model_is_refused(
    finished: Path, tmp_path: Path, common: Common, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(finished, folder)
    stranger = ModelBundle.load(REPOSITORY / "edge" / "models" / "room.tflite").flatbuffer
    for precision in ("float32", "int8"):
        (folder / f"{precision}.tflite").write_bytes(stranger)
    out = tmp_path / "out.tflite"
    assert main(["export", str(folder), "--out", str(out), *common[:2]]) == 65
    assert "the network maps 12288 numbers to 9, but its features have" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("damage", TEXT)
def test_a_damaged_table_of_rows_is_named(
    damage: Damage,
    place: Path,
    common: Common,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "table.json"
    shutil.copy(REPOSITORY / "docs" / "reproduction.json", path)
    damage(path)
    before = path.read_bytes()
    options = ["--collect", "--recipes", "mlp-180", "--json", str(path)]
    assert main(["reproduce", *options, "--out", str(place / "none"), *common]) == 65
    assert "table.json is damaged" in capsys.readouterr().err
    assert path.read_bytes() == before
