from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cli import main
from edge.contract.bundle import write_bundle
from edge.contract.labels import EMOTIONS, SEXES
from tests.fakes.sound import bundled
from tests.fakes.specs import FLATBUFFER, manifest


def test_show_tells_what_is_inside(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "show"]) == 0
    text = capsys.readouterr().out
    manifest = bundled().manifest
    for expected in (bundled().sha256, manifest.fingerprint, manifest.licence, "CONV_2D v"):
        assert expected in text


def test_json_is_the_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(bundled().manifest.to_json())


def test_the_card(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "show", "--card"]) == 0
    assert capsys.readouterr().out.strip() == bundled().model_card.strip()


def test_selftest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest"]) == 0
    assert "self-test passed" in capsys.readouterr().out
    assert main(["selftest", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["cases"]) == {case.name for case in bundled().golden}


@pytest.mark.parametrize(
    ("labels", "told"),
    [(SEXES, "the speaker's sex"), (EMOTIONS[1:], "the emotion, but never calm")],
)
def test_show_says_what_a_model_tells(
    labels: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.tflite"
    write_bundle(
        path,
        flatbuffer=FLATBUFFER,
        manifest=manifest(labels=labels),
        golden_cases=[],
        model_card="",
    )
    assert main(["model", "show", str(path)]) == 0
    text = capsys.readouterr().out
    assert f"tells         {told}\n" in text
    assert f"labels        {', '.join(labels)}\n" in text
