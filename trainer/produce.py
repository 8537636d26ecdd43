"""One training from recipe to calibrated networks: the order of the steps, nothing else."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edge.contract import tables
from trainer import calibrate, evaluate, quantize, representative, run
from trainer.cache import FeatureCache
from trainer.dataset import DataSet, non_voice_recordings, prepare
from trainer.manifest import Origin, corpus_notes, provisional_bundle
from trainer.recipe import Recipe
from trainer.run import RunFolder
from trainer.train import fit

FloatArray = NDArray[np.float32]

_log = logging.getLogger(__name__)


def produce(recipe: Recipe, folder: RunFolder, *, data: Path, cache: FeatureCache) -> None:
    """Train, quantise and calibrate a recipe; everything lands in the run folder.

    An interruption leaves a folder without ``model.keras`` or without ``run.json``: never half a
    model, and never one that `export` would take.

    Parameters
    ----------
    recipe : Recipe
    folder : RunFolder
        Already begun.
    data : Path
        The folder of the corpora.
    cache : FeatureCache
    """
    prepared = prepare(recipe, data, cache)
    run.write_split(folder.split, prepared.split, data=data)
    left_out = [(item.path, item.reason) for item in prepared.left_out]
    run.write_csv(folder.left_out, ("file", "reason"), left_out)
    _log.info("left out: %s", dict(Counter(reason for _, reason in left_out)) or "nothing")
    model = fit(recipe, prepared, history=folder.history)
    _save(model, folder.model)
    windows = _representative(recipe, prepared, data)
    rows = [(window.path, f"{window.start_s:.3f}") for window in windows]
    run.write_csv(folder.representative, ("file", "start_s"), rows)
    flatbuffers = {
        "float32": quantize.to_float32(model),
        "int8": quantize.to_int8(model, [window.features for window in windows]),
    }
    for precision, flatbuffer in flatbuffers.items():
        run.write_bytes(folder.flatbuffer(precision), flatbuffer)
    origin = _origin(recipe, prepared)
    temperature = _temperature(flatbuffers["int8"], recipe, origin, prepared)
    _log.info("temperature %.3f", temperature)
    facts = {"origin": tables.to_table(origin), "temperature": temperature}
    run.write_json(folder.facts, facts)


def keras_logits(folder: RunFolder) -> Callable[[FloatArray], FloatArray]:
    """Return the run's Keras model as a function of one window of features."""
    model = keras.saving.load_model(folder.model, compile=False)
    shape = (1, *model.input_shape[1:])

    def logits(window: FloatArray) -> FloatArray:
        return np.asarray(model(window.reshape(shape), training=False))[0]

    return logits


def _save(model: keras.Model, path: Path) -> None:
    part = path.with_name("part-" + path.name)
    model.save(part)
    part.replace(path)


def _representative(
    recipe: Recipe, prepared: DataSet, data: Path
) -> list[representative.RepresentativeWindow]:
    others = [
        path
        for source in recipe.non_voice.recorded
        for path in non_voice_recordings(source, data)["train"]
    ]
    return representative.draw(
        prepared.split.train,
        others,
        spec=recipe.features,
        n_windows=recipe.quantisation.n_windows,
        seed=recipe.seed,
    )


def _origin(recipe: Recipe, prepared: DataSet) -> Origin:
    return Origin(
        created_utc=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        commit=run.commit(),
        libraries=run.libraries(),
        corpora=corpus_notes(recipe, prepared.split),
    )


def _temperature(flatbuffer: bytes, recipe: Recipe, origin: Origin, prepared: DataSet) -> float:
    if not prepared.split.validation:
        return 1.0
    bundle = provisional_bundle(flatbuffer, recipe=recipe, origin=origin, temperature=1.0)
    verdicts = evaluate.judge(bundle, prepared.split.validation, title="calibration")
    return calibrate.fit_temperature(verdicts)
