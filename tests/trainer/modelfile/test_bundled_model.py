"""The model that comes with the program: judged by the trainer as `ser-edge analyze` hears it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from edge.contract import golden
from edge.contract.bundle import ModelBundle
from edge.dsp import extract
from edge.infer.classifier import EmotionClassifier
from tests.support import REPOSITORY
from trainer import recipe
from trainer.judging import evaluate
from trainer.judging.verdicts import judge
from trainer.modelfile.network import describe, refuse_newer_operators
from trainer.recipe.schema import NamedSpeakers

TARGET_BYTES = 500_000


@pytest.fixture(scope="module")
def model() -> Path:
    return Path(str(resources.files("edge") / "models" / "room.tflite"))


@pytest.fixture(scope="module")
def bundle(model: Path) -> ModelBundle:
    return ModelBundle.load(model)


def test_it_is_small_and_runs_on_the_oldest_runtime(model: Path, bundle: ModelBundle) -> None:
    assert model.stat().st_size <= TARGET_BYTES
    network = describe(bundle.flatbuffer)
    refuse_newer_operators(network)
    assert network.operators == bundle.manifest.operators


def test_it_is_what_the_default_recipe_makes(bundle: ModelBundle) -> None:
    made = recipe.load("default")
    assert (bundle.manifest.name, bundle.manifest.version) == (made.name, made.version)
    assert bundle.manifest.features == made.features
    assert bundle.manifest.decision == made.decision
    assert isinstance(made.split, NamedSpeakers)
    corpora = bundle.manifest.corpora
    assert {note.name for note in corpora} == {use.name for use in made.corpora}
    assert {s for note in corpora for s in note.speakers_test} == {*made.split.test}
    assert {s for note in corpora for s in note.speakers_validation} == {*made.split.validation}


def test_its_golden_cases_come_out_again(bundle: ModelBundle) -> None:
    classifier = EmotionClassifier(bundle)
    assert len(bundle.golden) >= 4
    for case in bundle.golden:
        features = extract(case.samples, bundle.manifest.features)
        found = golden.compare(case, features=features, logits=classifier.logits(features))
        assert found.features <= golden.FEATURE_TOLERANCE
        assert found.logits <= golden.LOGIT_STEPS * bundle.manifest.output_tensor.scale


def test_trainer_and_command_line_give_the_same_labels(
    model: Path, bundle: ModelBundle, slice_of_data: Path
) -> None:
    chosen = evaluate.held_out(bundle, slice_of_data, speakers="test")[::3]
    verdicts = judge(bundle, chosen, title="slice")
    files = [str(verdict.utterance.path) for verdict in verdicts]
    command = (sys.executable, "-m", "edge", "analyze", "--json", "--model", str(model), *files)
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["label"] for line in told] == [v.analysis.label for v in verdicts]
    for line, verdict in zip(told, verdicts, strict=True):
        assert line["confidence"] == round(verdict.analysis.confidence, 4)
