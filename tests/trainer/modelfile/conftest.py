"""Small networks that know a few real clips by heart: sure enough of themselves to be compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.contract.bundle import write_bundle
from edge.contract.labels import EMOTIONS, SEXES
from edge.contract.spec import FeatureSpec, WindowStandard
from trainer import corpora, recipe
from trainer.corpora.base import Utterance
from trainer.corpora.targets import target
from trainer.features import oracle
from trainer.recipe.schema import ModelChoice, Recipe
from trainer.run import Fitted, Origin
from trainer.sound import audio

keras = pytest.importorskip("keras")

from trainer.examples.clips import standardised, standardiser  # noqa: E402
from trainer.modelfile import quantize  # noqa: E402
from trainer.modelfile.golden_cases import golden_cases  # noqa: E402
from trainer.modelfile.manifest import provisional_bundle  # noqa: E402
from trainer.models import build  # noqa: E402

TINY_MLP = ModelChoice(name="mlp", parameters={"hidden": [32, 16], "dropout": [0.0, 0.0]})
TINY_CNN = ModelChoice(
    name="melconv",
    parameters={
        "filters": [12, 16],
        "kernels": [5, 3],
        "strides": [[4, 4], [2, 2]],
        "dropout": 0.0,
    },
)
WITHOUT_CALM = EMOTIONS[1:]


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """A recipe with its network, and the network's files."""

    recipe: Recipe
    model: Any
    fitted: Fitted
    utterances: tuple[Utterance, ...]
    """What the network knows by heart."""
    files: dict[str, Path]
    """By precision."""

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Return what Keras says of a window of features."""
        ready = standardised(features[np.newaxis], self.fitted.standardise)
        shape = (1, *self.model.input_shape[1:])
        return np.asarray(self.model(ready.reshape(shape), training=False))[0]

    def probabilities(self, samples: np.ndarray) -> dict[str, float]:
        """Return what Keras says of librosa's features of a window of sound."""
        logits = self.logits(oracle.extract(samples, self.recipe.features))
        powers = np.exp((logits - logits.max()) / self.fitted.temperature)
        return dict(zip(self.recipe.labels, (powers / powers.sum()).tolist(), strict=True))


def system(chosen: Recipe, *, standardise: bool, data: Path, folder: Path) -> System:
    """Fit the recipe's network to a few clips by heart, and write a file for each precision."""
    spec, labels = chosen.features, chosen.labels
    found = corpora.find("ravdess", data).utterances
    utterances = tuple(u for u in found if target(u, labels))
    inputs = np.array([_features(u.path, spec) for u in utterances])
    truth = np.array([labels.index(target(u, labels)) for u in utterances])
    fitted = Fitted(temperature=1.3, standardise=standardiser(inputs) if standardise else None)
    shape = (*spec.shape, 1) if spec.layout.kind == "image" else spec.shape
    ready = standardised(inputs, fitted.standardise).reshape(-1, *shape)
    keras.utils.set_random_seed(5)
    network = chosen.model
    model = build(network.name, input_shape=shape, n_classes=len(labels), **network.parameters)
    model.compile(
        keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.fit(ready, truth, epochs=30, batch_size=8, verbose=0)
    files = {
        precision: _file(flatbuffer, chosen, fitted, folder / f"{chosen.name}-{precision}.tflite")
        for precision, flatbuffer in quantize.convert(model, list(ready)).items()
    }
    return System(recipe=chosen, model=model, fitted=fitted, utterances=utterances, files=files)


def _features(path: Path, spec: FeatureSpec) -> np.ndarray:
    return oracle.extract(audio.load(path, sample_rate_hz=spec.sample_rate_hz), spec)


def _file(flatbuffer: bytes, chosen: Recipe, fitted: Fitted, path: Path) -> Path:
    origin = Origin(created_utc="2026-11-21T00:00:00Z", commit="", libraries={}, corpora=())
    bundle = provisional_bundle(flatbuffer, recipe=chosen, origin=origin, fitted=fitted)
    write_bundle(
        path,
        flatbuffer=flatbuffer,
        manifest=bundle.manifest,
        golden_cases=golden_cases(bundle),
        model_card="",
    )
    return path


def _keen(chosen: Recipe, **changes: Any) -> Recipe:
    """Return a recipe whose model speaks up at once, of whatever the gate calls speech."""
    decision = dataclasses.replace(
        chosen.decision, min_speech_s=0.0, enter_confidence=0.2, leave_confidence=0.1
    )
    return dataclasses.replace(chosen, decision=decision, **changes)


def _window_s(spec: FeatureSpec, seconds: float) -> FeatureSpec:
    return dataclasses.replace(spec, layout=dataclasses.replace(spec.layout, window_s=seconds))


def _short_image(spec: FeatureSpec) -> FeatureSpec:
    norm = WindowStandard(kind="window_standard", over="time", floor=1.0)
    layout = dataclasses.replace(spec.layout, n_frames=80)
    return dataclasses.replace(spec, layout=layout, norm=norm)


@pytest.fixture(scope="session")
def make_system(
    slice_of_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], System]:
    """Return what makes each of three systems once."""
    folder = tmp_path_factory.mktemp("systems")
    made: dict[str, System] = {}
    vector, image = recipe.load("mlp-180"), recipe.load("cnn2d-mfcc100")
    recipes = {
        "pooled": _keen(vector, model=TINY_MLP, features=_window_s(vector.features, 2.0)),
        "sexes": _keen(vector, name="sexes", model=TINY_MLP, labels=SEXES),
        "image": _keen(
            image, model=TINY_CNN, labels=WITHOUT_CALM, features=_short_image(image.features)
        ),
    }

    def make(name: str) -> System:
        if name not in made:
            made[name] = system(
                recipes[name], standardise=name != "image", data=slice_of_data, folder=folder
            )
        return made[name]

    return make
