"""`ser-trainer data` as people run it: what it prints, writes, refuses, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.surveys import noise, write, write_faulty_corpus, write_healthy_corpus
from tests.support import data_dir, need
from trainer.cli import main

PICTURES = ["home-counts.png", "home-durations.png", "home-samples.png"]


def data(*arguments: str | Path) -> int:
    return main(["data", *map(str, arguments)])


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    write_healthy_corpus(tmp_path / "data" / "home")
    return tmp_path / "data"


def test_healthy_recordings_end_with_0(healthy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert data("check", "--data", healthy) == 0
    told = capsys.readouterr()
    assert told.out.startswith("corpus  clips  speakers")
    assert told.out.endswith("\n\nnothing is wrong\n")
    assert "ser-trainer:" not in told.err


def test_warnings_end_with_0(healthy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(healthy / "home" / "sad" / "ben" / "short.wav", noise(99, length_s=0.1))
    assert data("check", "--data", healthy) == 0
    assert capsys.readouterr().out.endswith("\n\n1 warning\n")


def test_faults_end_with_65_and_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_faulty_corpus(tmp_path / "home")
    assert data("check", "--data", tmp_path) == 65
    told = capsys.readouterr()
    assert "FAULTS" in told.out
    assert told.err.endswith(
        f"ser-trainer: {tmp_path} has 9 faults; mend, rename or remove what is listed, "
        "then check again\n"
    )


def test_json_has_every_finding_and_every_recording(tmp_path: Path) -> None:
    expected = write_faulty_corpus(tmp_path / "home")
    target = tmp_path / "survey.json"
    assert data("check", "--data", tmp_path, "--json", target) == 65
    told = json.loads(target.read_text(encoding="utf-8"))
    assert {f["kind"] for f in told["findings"]} == expected.keys()
    assert told["counts"]["fault"] == 9
    assert len(told["corpora"][0]["recordings"]) == 27


def test_only_the_corpora_that_are_asked_for_are_looked_at(
    healthy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_faulty_corpus(healthy / "radio")
    assert data("check", "--data", healthy, "--corpora", "home, home") == 0
    assert "radio" not in capsys.readouterr().out
    assert data("check", "--data", healthy, "--corpora", "home,radio") == 65


def test_real_recordings_are_drawn(tmp_path: Path) -> None:
    origin = data_dir() / "emodb"
    need(origin.is_dir(), "corpus emodb")
    (tmp_path / "data" / "emodb").mkdir(parents=True)
    for path in origin.glob("03a0[1-5]*"):
        (tmp_path / "data" / "emodb" / path.name).symlink_to(path)
    out = tmp_path / "deep" / "plots"
    assert data("plot", "--data", tmp_path / "data", "--out", out) == 0
    assert sorted(p.name for p in out.iterdir()) == [p.replace("home", "emodb") for p in PICTURES]


def test_features_of_a_recipe_are_drawn(
    healthy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("plain", "recipe"):
        spec = ["--spec", "cnn1d-zcr-rms-a"] if name == "recipe" else []
        assert data("plot", "--data", healthy, "--out", tmp_path / name, *spec) == 0
    plain, of_recipe = (
        (tmp_path / name / "home-samples.png").read_bytes() for name in ("plain", "recipe")
    )
    assert plain != of_recipe
    assert capsys.readouterr().out.splitlines()[0] == str(tmp_path / "plain" / "home-samples.png")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["check", "--data", "absent"], 66, "absent does not exist"),
        (["check", "--data", "."], 66, "holds no corpus; expected"),
        (["check", "--data", "data", "--corpora", ","], 2, "--corpora names no corpus"),
        (["check", "--data", "data", "--corpora", "hom"], 78, "did you mean 'home'"),
        (["check", "--data", "data", "--json", "no/such/folder.json"], 74, "cannot be written"),
        (["plot", "--data", "data", "--corpora", "tess"], 66, "get it from Borealis"),
        (["plot", "--data", "data", "--spec", "mpl-180"], 66, "did you mean 'mlp-180'"),
        (["plot", "--data", "data", "--out", "file/plots"], 74, "file/plots cannot be written"),
        (["plot", "--data", "data", "--out", "file"], 74, "file cannot be written"),
        (["plot", "--data", "silent"], 65, "no recording that can be drawn"),
    ],
)
def test_errors_are_one_sentence_and_a_code(
    arguments: list[str],
    code: int,
    message: str,
    healthy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = healthy.parent
    (folder / "file").touch()
    write(folder / "silent" / "mute" / "sad" / "anna" / "1.wav", 0 * noise(1))
    monkeypatch.chdir(folder)
    assert data(*arguments) == code
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("ser-trainer: ")
    assert message in told


@pytest.mark.parametrize(
    "arguments",
    [[], ["chekc"], ["check", "--processes", "0"], ["check", "--processes", "two"]],
)
def test_nonsense_is_refused_with_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        data(*arguments)
    assert caught.value.code == 2
    assert "usage: ser-trainer data" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["check", "plot"])
def test_help_has_examples(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        data(action, "--help")
    assert caught.value.code == 0
    assert f"ser-trainer data {action} --" in capsys.readouterr().out


def test_help_says_how_check_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        data("--help")
    assert "check ends with 65 where there are faults" in capsys.readouterr().out
