"""One training from recipe to calibrated networks: the order of the steps, nothing else."""

from __future__ import annotations

import dataclasses
import logging
import math
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge.contract import tables
from edge.contract.manifest import Standardiser
from trainer import run, stored
from trainer.corpora.base import LeftOut
from trainer.examples import clips, dataset, representative
from trainer.examples.clips import standardised
from trainer.examples.dataset import non_voice_recordings
from trainer.examples.gather import Division
from trainer.examples.representative import RepresentativeWindow
from trainer.examples.splits import Split
from trainer.features.cache import FeatureCache
from trainer.fitting import calibrate
from trainer.fitting import clips as clip_fitting
from trainer.fitting import windows as window_fitting
from trainer.fitting.clips import FittedClips
from trainer.fitting.distribution import ALONE, Distribution, on_one
from trainer.fitting.engine import Logs
from trainer.judging.verdicts import judge
from trainer.modelfile import quantize
from trainer.modelfile.manifest import corpus_notes, provisional_bundle
from trainer.recipe.learning import WindowLearning
from trainer.recipe.schema import Recipe
from trainer.run import Facts, Fitted, Origin, RunFolder

FloatArray = NDArray[np.float32]

_log = logging.getLogger(__name__)


def produce(
    recipe: Recipe,
    folder: RunFolder,
    division: Division,
    *,
    data: Path,
    cache: FeatureCache,
    distribution: Distribution = ALONE,
) -> None:
    """Train, quantise and calibrate a recipe; everything lands in the run folder.

    An interruption leaves a folder without ``run.json``: never half a model, and never one that
    `export` would take. The same call goes on from the last checkpoint.

    Parameters
    ----------
    recipe : Recipe
    folder : RunFolder
        Already begun.
    division : Division
    data : Path
        The folder of the corpora.
    cache : FeatureCache
    distribution : Distribution
        Who trains. Only the chief goes beyond the training.
    """
    split = division.split
    run.write_split(folder.split, split, data=data)
    with distribution.scope():
        fitted, unusable = _fit(recipe, folder, split, data, cache)
    if not distribution.is_chief:
        return
    fitted = dataclasses.replace(fitted, model=on_one(fitted.model))
    _write_left_out(folder, division.left_out + unusable)
    _save(fitted.model, folder.model)
    windows = _representative(recipe, split, data)
    rows = [(window.path, f"{window.start_s:.3f}") for window in windows]
    run.write_csv(folder.representative, ("file", "start_s"), rows)
    inputs = [standardised(w.features[np.newaxis], fitted.standardise)[0] for w in windows]
    flatbuffers = quantize.convert(fitted.model, inputs)
    for precision, flatbuffer in flatbuffers.items():
        run.write_bytes(folder.flatbuffer(precision), flatbuffer)
    origin = _origin(recipe, split, data)
    smallest = flatbuffers.get("int8", flatbuffers["float32"])
    temperature = _temperature(smallest, recipe, origin, split, fitted.standardise)
    _log.info("temperature %.3f", temperature)
    facts = Facts(
        protocol=division.protocol,
        n_parameters=fitted.model.count_params(),
        origin=origin,
        fitted=Fitted(temperature=temperature, standardise=fitted.standardise),
    )
    run.write_json(folder.facts, tables.to_table(facts))
    folder.checkpoint.unlink(missing_ok=True)


def keras_logits(folder: RunFolder) -> Callable[[FloatArray], FloatArray]:
    """Return the run's Keras model as a function of one window of features.

    Raises
    ------
    NoInputError
        If the run has not ended.
    DamagedError
        If the model cannot be read, or is another recipe's.
    """
    fitted = folder.read_facts().fitted
    model = _loaded(folder.model)
    shape = (1, *model.input_shape[1:])

    def logits(window: FloatArray) -> FloatArray:
        ready = standardised(window[np.newaxis], fitted.standardise)
        if ready.size != math.prod(shape):
            found = f"it takes {math.prod(shape)} numbers, the recipe makes {ready.size}"
            raise stored.damaged(folder.model, found, remedy="train again")
        return np.asarray(model(ready.reshape(shape), training=False))[0]

    return logits


def _fit(
    recipe: Recipe, folder: RunFolder, split: Split, data: Path, cache: FeatureCache
) -> tuple[FittedClips, tuple[LeftOut, ...]]:
    logs = Logs(
        history=folder.history, tensorboard=folder.tensorboard, checkpoint=folder.checkpoint
    )
    learning = recipe.learning
    if isinstance(learning, WindowLearning):
        voices = dataset.prepare(recipe, learning, split, data, cache)
        model = window_fitting.fit(recipe, learning, voices, logs=logs)
        return FittedClips(model=model, standardise=None), voices.left_out
    found = clips.prepare(recipe, learning, split, data, cache)
    return clip_fitting.fit(recipe, learning, found, logs=logs), found.left_out


def _write_left_out(folder: RunFolder, left_out: tuple[LeftOut, ...]) -> None:
    run.write_csv(folder.left_out, ("file", "reason"), [(i.path, i.reason) for i in left_out])
    _log.info("left out: %s", dict(Counter(i.reason for i in left_out)) or "nothing")


def _loaded(path: Path) -> keras.Model:
    try:
        return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise stored.damaged(path, error, remedy="train again") from error


def _save(model: keras.Model, path: Path) -> None:
    part = path.with_name("part-" + path.name)
    model.save(part)
    part.replace(path)


def _representative(recipe: Recipe, split: Split, data: Path) -> list[RepresentativeWindow]:
    learning = recipe.learning
    sources = learning.non_voice.recorded if isinstance(learning, WindowLearning) else ()
    others = [path for s in sources for path in non_voice_recordings(s, data)["train"]]
    return representative.draw(
        split.train,
        others,
        spec=recipe.features,
        n_windows=recipe.quantisation.n_windows,
        seed=recipe.seed,
    )


def _origin(recipe: Recipe, split: Split, data: Path) -> Origin:
    return Origin(
        created_utc=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        commit=run.commit(),
        libraries=run.libraries(),
        corpora=corpus_notes(recipe, split, data=data),
    )


def _temperature(
    flatbuffer: bytes,
    recipe: Recipe,
    origin: Origin,
    split: Split,
    standardise: Standardiser | None,
) -> float:
    if not split.validation:
        return 1.0
    plain = Fitted(temperature=1.0, standardise=standardise)
    bundle = provisional_bundle(flatbuffer, recipe=recipe, origin=origin, fitted=plain)
    verdicts = judge(bundle, split.validation, title="calibration")
    return calibrate.fit_temperature(verdicts, labels=recipe.labels)
