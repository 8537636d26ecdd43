"""`ser-trainer recipes`, as a person and as a program read it."""

from __future__ import annotations

import json
import tomllib

import pytest

from edge.contract.spec import FeatureSpec
from trainer import recipe
from trainer.cli import main


def test_every_recipe_has_its_paragraph(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    paragraphs = capsys.readouterr().out.rstrip("\n").split("\n\n")
    assert [paragraph.splitlines()[0] for paragraph in paragraphs] == recipe.names()
    mlp = paragraphs[recipe.names().index("mlp-180")]
    assert "  claim   62 % and 71 % accuracy, random 80/20 split of RAVDESS\n" in mlp
    assert "  learns  ravdess\n" in mlp
    assert mlp.endswith("  hears   5.3 s at 16000 Hz: 180 numbers")
    assert "4.0 s at 16000 Hz: 199 x 40 image" in paragraphs[recipe.names().index("ds-cnn")]


@pytest.mark.parametrize("columns", [60, 80, 300])
def test_lines_fit_the_terminal_and_the_eye(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= min(columns, 100)


def test_programs_get_one_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in entries] == recipe.names()
    for entry in entries:
        found = recipe.load(entry["name"])
        assert entry.keys() == {"name", "source", "claim", "spec"}
        assert (entry["source"], entry["claim"]) == (found.source, found.claim)
        assert FeatureSpec.from_dict(entry["spec"]) == found.features


def test_one_recipe_is_a_list_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "tc-resnet", "--json"]) == 0
    assert [entry["name"] for entry in json.loads(capsys.readouterr().out)] == ["tc-resnet"]


def test_a_shown_recipe_is_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "mlp-300"]) == 0
    shown = capsys.readouterr().out
    assert shown == recipe.read_text("mlp-300")
    assert tomllib.loads(shown)["name"] == "mlp-300"
