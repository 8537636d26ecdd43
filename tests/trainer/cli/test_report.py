"""`ser-trainer report` on a real run: both files, the headline, and clear refusals."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from trainer.cli import main
from trainer.judging.figures import figures_of
from trainer.judging.predictions import read_predictions


@pytest.fixture(scope="module")
def reported(tiny_run: Path, slice_of_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with a whole report in it."""
    folder = tmp_path_factory.mktemp("reported") / "run"
    shutil.copytree(tiny_run, folder)
    assert main(["report", str(folder), "--data", str(slice_of_data)]) == 0
    return folder


def test_report_has_the_figures_of_the_predictions(reported: Path) -> None:
    report = json.loads((reported / "report.json").read_text(encoding="utf-8"))
    rows = read_predictions(reported / "predictions.csv")
    assert list(report["precisions"]) == ["float32", "float16", "dynamic", "int8"]
    for precision, found in report["precisions"].items():
        of_it = [row for row in rows if row.precision == precision]
        assert found["figures"] == figures_of(of_it, report["labels"][:-1])
        assert found["n_bytes"] == (reported / f"{precision}.tflite").stat().st_size
        assert found["ms_per_window"] > report["features_ms"] > 0.0
    assert report["new_speakers"]
    assert {point["kind"] for point in report["robustness"]} == {"clean", "snr", "t60"}
    assert report["importance"]
    assert report["history"]


def test_page_shows_every_section(reported: Path) -> None:
    html = (reported / "report.html").read_text(encoding="utf-8")
    for name in ("emotions", "people", "confidence", "robustness", "files", "features", "data"):
        assert f'<section id="{name}"' in html


def test_quick_report_of_a_judged_run_needs_no_data(
    reported: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SER_DATA", raising=False)
    html, told = tmp_path / "page.html", tmp_path / "figures.json"
    command = ["report", str(reported), "--quick", "--out", str(html), "--json", str(told)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{html}\nint8: UAR ")
    report = json.loads(told.read_text(encoding="utf-8"))
    assert report["robustness"] == report["importance"] == []
    assert 'id="robustness"' not in html.read_text(encoding="utf-8")


def test_a_run_that_was_not_judged_asks_for_data(
    tiny_run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SER_DATA", raising=False)
    assert main(["report", str(tiny_run)]) == 66
    assert "was not judged yet" in capsys.readouterr().err
    assert not list(tiny_run.glob("report.*"))


def test_recordings_that_are_gone_are_counted(
    tiny_run: Path, slice_of_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fewer = tmp_path / "data"
    shutil.copytree(slice_of_data, fewer, symlinks=True)
    tested = sorted(fewer.glob("ravdess/Actor_17/*"))
    tested[0].unlink()
    assert main(["report", str(tiny_run), "--data", str(fewer)]) == 66
    assert re.search(rf"1 of the \d+ test recordings of {tiny_run} are", capsys.readouterr().err)
    assert not (tiny_run / "predictions.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["/nonexistent"], 66, "is no run of ser-trainer"),
        (["/nonexistent", "--data", "/absent"], 66, "/absent does not exist"),
    ],
)
def test_refusals(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", *arguments]) == code
    assert words in capsys.readouterr().err


def test_a_page_that_cannot_be_written(
    reported: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SER_DATA", raising=False)
    absent = tmp_path / "absent" / "page.html"
    assert main(["report", str(reported), "--quick", "--out", str(absent)]) == 74
    assert "absent" in capsys.readouterr().err
