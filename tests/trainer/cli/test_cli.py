"""The command line: quick help, one sentence for each error, the documented exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import REPOSITORY
from trainer.cli import main
from trainer.cli.main import VERBS


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "trainer", *arguments)
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([verb, "--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert f"examples:\n  ser-trainer {verb} " in told
    assert "exit codes:" in told


def test_help_needs_no_heavy_library() -> None:
    code = "import sys; sys.modules.update(dict.fromkeys(('tensorflow', 'keras', 'librosa'))); "
    code += "from trainer.cli import main; main(['--help'])"
    done = subprocess.run(
        (sys.executable, "-c", code), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "examples:" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "nonsense"], 66, "neither a recipe of this program nor a file"),
        (["train", "default"], 2, "give --data DIR or set SER_DATA"),
        (["train", "default", "--data", "/nonexistent"], 66, "/nonexistent does not exist"),
        (["evaluate", "absent.tflite", "--data", "."], 66, "absent.tflite: no such model file"),
        (["evaluate", "README.md", "--data", "."], 65, "is no TFLite model"),
        (["export", "/nonexistent", "--out", "m", "--data", "."], 66, "is no run of ser-trainer"),
        (["recipes", "defualt"], 66, "did you mean 'default'"),
    ],
)
def test_errors_are_one_sentence_and_a_code(
    arguments: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SER_DATA", raising=False)
    monkeypatch.chdir(REPOSITORY)
    assert main(arguments) == code
    told = capsys.readouterr().err
    assert message in told
    assert told.startswith("ser-trainer: ")
    assert "Traceback" not in told


def test_missing_corpus_names_its_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_folder = tmp_path / "run"
    command = ["train", "default", "--data", str(tmp_path), "--out", str(run_folder)]
    assert main([*command, "--cache", str(tmp_path / "cache")]) == 66
    assert "get it from Zenodo record 1188976" in capsys.readouterr().err
    assert not list(run_folder.glob("model*"))


def test_run_folder_is_not_written_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.toml").touch()
    command = ["train", "default", "--data", str(tmp_path), "--out", str(tmp_path)]
    assert main(command) == 74
    assert "holds an unfinished run already" in capsys.readouterr().err


def test_interruption_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from trainer import recipe

    def interrupted() -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(recipe, "names", interrupted)
    assert main(["recipes"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_parity_of_the_default_recipe_is_shown() -> None:
    done = run("parity")
    assert done.returncode == 0, done.stderr
    assert "librosa and stream" in done.stdout
    assert "TOO MUCH" not in done.stdout


def test_recipes_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    assert "\ndefault\n" in capsys.readouterr().out
    assert main(["recipes", "default"]) == 0
    assert "[learning]" in capsys.readouterr().out
