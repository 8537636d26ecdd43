"""Choosing the configuration, the model and what analyses recordings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path
from typing import Final

from edge.analysis import ClipAnalyzer
from edge.config.places import Places
from edge.config.settings import Config
from edge.contract.bundle import ModelBundle
from edge.contract.manifest import DecisionProposal
from edge.devices.quiet import quiet_stderr
from edge.devices.recording import pieces
from edge.infer.classifier import EmotionClassifier
from edge.infer.interpreter import RuntimeName
from edge.store.catalog import ModelStore
from edge.store.starting import BUNDLED
from edge.stream.blocks import AudioBlock
from edge.stream.vad import GateSettings

MODEL_SUFFIX: Final = ".tflite"

BUNDLED_MODEL: Final = "room.tflite"
"""The model in `edge/models` that comes with the program."""


def model_path(config: Config) -> Path:
    """Return the configured model, or the store's current one, or that of the program.

    Raises
    ------
    StoreError
        If the current model cannot be read.
    """
    if config.model.path:
        return Path(config.model.path)
    current = model_store(config).current()
    return current.path if current else bundled_model()


def model_store(config: Config) -> ModelStore:
    """Return the models that were pushed to this device."""
    return ModelStore(Places.here().state_directory() / "models", keep=config.store.keep)


def named_model(config: Config, name: str | None) -> Path:
    """Return the model that a person means: a file, an installed model's id, or the current one.

    Raises
    ------
    NoInputError
        If there is no such file and no such model.
    """
    if name is None:
        return model_path(config)
    if name == BUNDLED:
        return bundled_model()
    if Path(name).exists() or name.endswith(MODEL_SUFFIX) or "/" in name:
        return Path(name)
    return model_store(config).find(name).path


def bundled_model() -> Path:
    """Return the model that comes with the program."""
    return Path(str(resources.files("edge") / "models" / BUNDLED_MODEL))


def bundled_sample() -> Path:
    """Return the recording that comes with the program: 25 seconds of synthetic speech."""
    return Path(str(resources.files("edge") / "samples" / "room.flac"))


def open_classifier(
    config: Config, *, model: Path | None = None, runtime: RuntimeName | None = None
) -> EmotionClassifier:
    """Load and verify a model; what is not given is as configured."""
    return classifier_of(ModelBundle.load(model or model_path(config)), config, runtime=runtime)


def classifier_of(
    bundle: ModelBundle, config: Config, *, runtime: RuntimeName | None = None
) -> EmotionClassifier:
    """Make a loaded model ready to answer."""
    with quiet_stderr():  # LiteRT's C++ half greets with its delegate
        return EmotionClassifier(
            bundle, runtime=runtime or config.model.runtime, n_threads=config.model.threads
        )


def open_analyzer(config: Config, *, model: Path | None = None) -> ClipAnalyzer:
    """Return what analyses recordings exactly as `ser-trainer evaluate` does.

    The model's own thresholds hold, whatever the configuration overrides for the room.
    """
    return ClipAnalyzer(open_classifier(config, model=model), gate=GateSettings())


def recording_blocks(path: Path) -> Iterator[AudioBlock]:
    """Read a recording piece by piece."""
    for samples, rate_hz in pieces(path):
        yield AudioBlock(samples=samples, sample_rate_hz=rate_hz, n_lost=0)


def overrides(config: Config) -> dict[str, float]:
    """Return the thresholds that the Pi's owner has set."""
    tables = (config.gate, config.decision)
    values = {f.name: getattr(table, f.name) for table in tables for f in fields(table)}
    return {name: value for name, value in values.items() if value is not None}


def decision(config: Config, proposal: DecisionProposal) -> DecisionProposal:
    """Return the thresholds that hold: the model's, but where the Pi's owner has set others."""
    return replace(proposal, **overrides(config))
