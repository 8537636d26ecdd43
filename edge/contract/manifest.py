"""The manifest: everything that a device must know of a model, and a person may ask of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from edge.contract import tables
from edge.contract.labels import SEXES, refuse_unordered, subject
from edge.contract.spec import FeatureSpec
from edge.contract.tables import Range
from edge.errors import (
    ManifestError,
    NoEmotionsError,
    SpecError,
    UnknownSchemaError,
    UnsupportedFeaturesError,
)

SCHEMA_VERSION: Final = 1
"""The version of the manifest that this program writes and reads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TensorInfo:
    """The model's input or output tensor; the classifier checks the interpreter against it."""

    shape: tuple[int, ...]
    dtype: Literal["int8", "uint8", "float32"]
    scale: float
    """Quantisation step; 0 for float32."""
    zero_point: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """A TFLite operator that the model uses."""

    name: str
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Standardiser:
    """Fitted per-feature standardisation, applied after the spec's own normalisation."""

    mean: tuple[float, ...]
    """One for each number of the spec's shape, row by row; ``scale`` likewise."""
    scale: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionProposal:
    """The thresholds that the model's owner proposes; the Pi's owner may override each."""

    hop_s: Annotated[float, Range(0.05, 10)]
    """From one decision to the next."""
    min_speech_s: Annotated[float, Range(0, 60)]
    """Speech that a window must hold before it is classified."""
    non_voice_veto: Annotated[float, Range(0, 1)]
    """Probability of ``non_voice`` above which a window counts as no speech; 1 is never."""
    smoothing_s: Annotated[float, Range(0, 60)]
    """Time constant of the exponential smoothing over windows."""
    enter_confidence: Annotated[float, Range(0, 1)]
    """Smoothed probability from which an emotion becomes the state."""
    leave_confidence: Annotated[float, Range(0, 1)]
    """Smoothed probability below which it stops being so."""
    min_dwell_s: Annotated[float, Range(0, 60)]
    """How long a new state must hold before it is taken."""
    quiet_after_s: Annotated[float, Range(0, 60)]
    """Time without speech after which the state is ``no_speech``."""

    def __post_init__(self) -> None:
        if self.leave_confidence > self.enter_confidence:
            raise ValueError(
                f"leave_confidence {self.leave_confidence:g} is above "
                f"enter_confidence {self.enter_confidence:g}; it must not be"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusNote:
    """A corpus that the model was trained on, and who was held out."""

    name: str
    licence: str
    n_clips: int
    speakers_train: tuple[str, ...]
    speakers_validation: tuple[str, ...]
    speakers_test: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """See the module's text. Written by the trainer, read by the device."""

    schema_version: int
    name: str
    version: str
    created_utc: str
    """RFC 3339."""
    recipe: str
    commit: str
    """Commit of the project that the model was made by; empty where unknown."""
    features: FeatureSpec
    fingerprint: str
    """``features.fingerprint()``; a second look at the same thing catches a hand-edited file."""
    labels: tuple[str, ...]
    """Names of the outputs in order: emotions, and ``non_voice`` at most once, last; or sexes."""
    output: Literal["logits", "probabilities"]
    input_tensor: TensorInfo
    output_tensor: TensorInfo
    standardise: Standardiser | None
    temperature: Annotated[float, Range(0.01, 100)]
    """Divides the logits before the softmax (Guo et al. 2017)."""
    decision: DecisionProposal
    sha256: str
    """Of the flatbuffer, without the appended files."""
    operators: tuple[Operator, ...]
    min_runtime: str
    """Lowest TFLite version that has the operators, as the converter wrote it."""
    corpora: tuple[CorpusNote, ...]
    licence: str
    """Terms of the weights."""
    metrics: dict[str, float]
    """Figures of this very file by name, e.g. ``"ravdess.test.uar"``; fractions of 1."""
    libraries: dict[str, str]
    """Versions of what made it."""

    def __post_init__(self) -> None:
        refuse_unordered(self.labels)
        if self.fingerprint != self.features.fingerprint():
            raise ValueError("fingerprint does not belong to features; export the model again")

    def to_json(self) -> str:
        """Return the text that stands in the model file."""
        return json.dumps(tables.to_table(self), indent=2, ensure_ascii=False) + "\n"


def parse_manifest(text: str, *, source: str) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    text : str
        JSON.
    source : str
        Name of the model file, for messages.

    Raises
    ------
    ManifestError, UnknownSchemaError, UnsupportedFeaturesError
    """
    table = _json_object(text, source)
    version = table.get("schema_version")
    if version != SCHEMA_VERSION:
        raise UnknownSchemaError(
            f"{source}: the manifest has schema version {version!r}, this program reads "
            f"{SCHEMA_VERSION}; update the program or export the model again"
        )
    try:
        FeatureSpec.from_dict(table.get("features", {}))
    except SpecError as error:
        raise UnsupportedFeaturesError(
            f"{source}: this edge cannot compute the model's features: {error}; "
            "update the program or export the model with features that it has"
        ) from error
    try:
        return tables.from_table(Manifest, table, path="")
    except tables.TableError as error:
        raise ManifestError(f"{source}: wrong manifest: {error}; export it again") from error


def refuse_without_emotions(manifest: Manifest) -> None:
    """Raise where a model cannot listen to a room: states, LEDs and alarms are emotions.

    Raises
    ------
    NoEmotionsError
    """
    if manifest.labels == SEXES:
        raise NoEmotionsError(
            f"model {manifest.name} {manifest.version} tells {subject(manifest.labels)} "
            f"({', '.join(manifest.labels)}), a room needs one that tells emotions; name another "
            "with --model or model.path (`ser-edge analyze` runs this one on recordings)"
        )


def _json_object(text: str, source: str) -> dict[str, Any]:
    try:
        table = json.loads(text)
    except json.JSONDecodeError as error:
        raise ManifestError(f"{source}: the manifest is no JSON: {error}") from error
    if not isinstance(table, dict):
        raise ManifestError(f"{source}: the manifest is {type(table).__name__}, expected a table")
    return table
