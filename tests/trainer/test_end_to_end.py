"""From recordings to figures in one go: train, export, evaluate; and what is not exported."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.analysis import ClipAnalyzer, analyze_samples
from edge.cli import main as edge_main
from edge.contract import golden
from edge.contract.bundle import ModelBundle
from edge.contract.labels import EMOTIONS, SEXES
from edge.dsp import extract
from edge.infer.classifier import EmotionClassifier
from edge.stream.vad import GateSettings
from trainer import recipe
from trainer.cli import main
from trainer.judging import evaluate
from trainer.judging.verdicts import judge
from trainer.modelfile.candidates import QualityError, refuse_loss
from trainer.sound import audio

TINY_RECIPE = Path(__file__).with_name("tiny.toml")


@pytest.fixture(scope="module")
def model(tiny_run: Path, slice_of_data: Path) -> Path:
    """Return the model file of the tiny run."""
    out = tiny_run.parent / "tiny.tflite"
    command = ["export", str(tiny_run), "--data", str(slice_of_data), "--out", str(out)]
    assert main(command) == 0
    return out


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_run_folder_tells_what_was_done(tiny_run: Path) -> None:
    assert (tiny_run / "recipe.toml").read_text() == TINY_RECIPE.read_text()
    assert [row["epoch"] for row in rows_of(tiny_run / "history.csv")] == ["1", "2"]
    by_part: dict[str, set[str]] = {}
    for row in rows_of(tiny_run / "split.csv"):
        by_part.setdefault(row["part"], set()).add(row["speaker"])
    assert by_part["validation"] == {"ravdess_03"}
    assert by_part["test"] == {"ravdess_17", "emodb_11"}
    assert by_part["train"] == {"ravdess_01", "ravdess_02", "emodb_03", "emodb_08"}
    reasons = {row["reason"] for row in rows_of(tiny_run / "left_out.csv")}
    assert reasons == {"boredom, which is no label here"}
    assert not list(tiny_run.glob("*part*"))


def test_representative_windows_are_of_training_speakers_only(tiny_run: Path) -> None:
    files = [row["file"] for row in rows_of(tiny_run / "representative.csv")]
    assert len(files) == 24
    assert len(set(files)) == 24
    assert not [file for file in files if "Actor_03" in file or "Actor_17" in file]
    assert any("esc10" in file for file in files)


def test_model_file_is_whole_and_int8(model: Path) -> None:
    manifest = ModelBundle.load(model).manifest
    assert manifest.name == "tiny"
    assert manifest.input_tensor.dtype == manifest.output_tensor.dtype == "int8"
    assert manifest.input_tensor.shape == (1, 192, 64, 1)
    assert {note.name: note.speakers_test for note in manifest.corpora} == {
        "ravdess": ("ravdess_17",),
        "emodb": ("emodb_11",),
    }
    assert {"ravdess.test.uar", "emodb.test.uar"} <= manifest.metrics.keys()
    assert manifest.libraries["keras"]


def test_golden_cases_come_out_again(model: Path) -> None:
    bundle = ModelBundle.load(model)
    assert {case.name for case in bundle.golden} == {
        "speech",
        "silence",
        "near_silence",
        "clipping",
        "noise",
    }
    classifier = EmotionClassifier(bundle)
    for case in bundle.golden:
        features = extract(case.samples, bundle.manifest.features)
        found = golden.compare(case, features=features, logits=classifier.logits(features))
        assert found.features <= golden.FEATURE_TOLERANCE
        assert found.logits <= golden.LOGIT_STEPS * bundle.manifest.output_tensor.scale


def test_model_card_has_the_real_figures(model: Path) -> None:
    bundle = ModelBundle.load(model)
    card = bundle.model_card
    assert f"{bundle.manifest.metrics['ravdess.test.uar']:.1%}" in card
    for words in ("CC BY-NC-SA 4.0", "ravdess_17", "allow no commercial use", "esc10", "acted"):
        assert words in card


def test_evaluation_gives_the_labels_of_the_edge(
    model: Path, slice_of_data: Path, tmp_path: Path
) -> None:
    bundle = ModelBundle.load(model)
    utterances = evaluate.held_out(bundle, slice_of_data, speakers="test")
    assert {u.speaker for u in utterances} == {"ravdess_17", "emodb_11"}
    analyzer = ClipAnalyzer(EmotionClassifier(bundle), gate=GateSettings())
    for verdict in judge(bundle, utterances[::4], title="test"):
        samples, rate_hz = audio.read(verdict.utterance.path)
        found = analyze_samples(analyzer, samples, sample_rate_hz=rate_hz)
        assert verdict.analysis.label == found.label
        assert verdict.analysis.probabilities == found.probabilities


def test_evaluate_prints_and_writes_the_same_figures(
    model: Path, slice_of_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    command = ["evaluate", str(model), "--data", str(slice_of_data), "--json", str(out)]
    assert main(command) == 0
    told = json.loads(out.read_text())
    bundle = ModelBundle.load(model)
    assert told["flatbuffer_sha256"] == bundle.manifest.sha256
    found = told["corpora"]["ravdess"]
    assert found["uar"] == bundle.manifest.metrics["ravdess.test.uar"]
    assert np.sum(found["confusion"]) == found["n_clips"]
    assert found["recall"].keys() == set(EMOTIONS)
    assert f"{found['uar']:.1%}" in capsys.readouterr().out


def test_all_precisions_are_exported_side_by_side(
    tiny_run: Path, slice_of_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tiny.tflite"
    command = ["export", str(tiny_run), "--data", str(slice_of_data), "--out", str(out)]
    assert main([*command, "--precision", "all"]) == 0
    told = capsys.readouterr().out
    for precision in ("float32", "float16", "dynamic", "int8"):
        path = tmp_path / f"tiny-{precision}.tflite"
        assert f"Precision: {precision}" in ModelBundle.load(path).model_card
        assert f"{path}: {path.stat().st_size} bytes" in told
    assert "The network as int8:" in told
    assert "dynamic costs " in told


@pytest.fixture(scope="module")
def gender_run(slice_of_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run folder of a classic system, asked for the speaker's sex."""
    base = tmp_path_factory.mktemp("gender")
    text = re.sub(r"n_epochs = \d+", "n_epochs = 4", recipe.read_text("mlp-300-gender"))
    (base / "gender.toml").write_text(text)
    command = ("train", str(base / "gender.toml"), "--data", str(slice_of_data))
    command += ("--processes", "2", "--cache", str(base / "cache"))
    assert main([*command, "--out", str(base / "run")]) == 0
    return base / "run"


def test_a_classic_system_goes_all_the_way(
    gender_run: Path, slice_of_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "gender.tflite"
    data = ["--data", str(slice_of_data)]
    assert (
        main(["export", str(gender_run), *data, "--out", str(out), "--precision", "dynamic"]) == 0
    )
    assert main(["evaluate", str(out), *data]) == 0
    assert "recall     " in capsys.readouterr().out
    bundle = ModelBundle.load(out)
    assert bundle.manifest.labels == SEXES
    assert len(bundle.manifest.standardise.mean) == 180
    found = edge_analysis(out, next((slice_of_data / "ravdess" / "Actor_02").iterdir()), capsys)
    assert found["label"] in SEXES


def edge_analysis(model: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert edge_main(["analyze", "--json", "--model", str(model), str(file)]) == 0
    return json.loads(capsys.readouterr().out)


def test_export_refuses_a_network_that_is_not_the_run_s(
    tiny_run: Path, slice_of_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    (run / "float32.tflite").write_bytes((run / "int8.tflite").read_bytes())
    out = tmp_path / "model.tflite"
    command = ["export", str(run), "--data", str(slice_of_data), "--out", str(out)]
    assert main(command) == 65
    assert "logits of" in capsys.readouterr().err
    assert not out.exists()


def test_export_refuses_a_file_that_is_too_large(
    tiny_run: Path, slice_of_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    text = (run / "recipe.toml").read_text()
    (run / "recipe.toml").write_text(text.replace("largest_bytes = 500000", "largest_bytes = 99"))
    out = tmp_path / "model.tflite"
    command = ["export", str(run), "--data", str(slice_of_data), "--out", str(out)]
    assert main(command) == 65
    assert "the recipe allows 99" in capsys.readouterr().err
    assert not list(tmp_path.glob("model*"))


@pytest.mark.parametrize(("after", "refused"), [(0.6, False), (0.592, False), (0.58, True)])
def test_int8_may_lose_a_little(after: float, refused: bool) -> None:
    if not refused:
        refuse_loss("int8", before=0.6, after=after, largest=0.01)
        return
    with pytest.raises(QualityError, match=r"loses 2\.0% .* \(60\.0% to 58\.0%\).* allows 1\.0%"):
        refuse_loss("int8", before=0.6, after=after, largest=0.01)


def test_export_refuses_an_unfinished_run(
    tiny_run: Path, slice_of_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run)
    (run / "run.json").unlink()
    command = ["export", str(run), "--data", str(slice_of_data), "--out", str(tmp_path / "m")]
    assert main(command) == 66
    assert "holds no finished run" in capsys.readouterr().err
