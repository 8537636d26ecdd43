"""Recipe: everything that may vary between two trainings, read strictly from one TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from edge.contract import tables
from edge.contract.labels import EMOTIONS
from edge.contract.manifest import DecisionProposal
from edge.contract.spec import FeatureSpec
from edge.contract.tables import Range
from edge.errors import ConfigError, NoInputError
from trainer.augment import AugmentSettings
from trainer.specaugment import SpecAugmentSettings

Share = Annotated[float, Range(0, 1)]
Count = Annotated[int, Range(1)]
Positive = Annotated[float, Range(1e-9)]

_FOLDER = resources.files("trainer") / "recipes"


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusUse:
    """How one corpus takes part."""

    name: str
    """Key of `trainer.corpora.CORPORA`, and folder below the data folder."""
    weight: Annotated[float, Range(0)]
    """How often its recordings are drawn, relative to the other corpora."""
    validation_speakers: tuple[str, ...]
    """Speakers to calibrate and choose by; they leave the training of every corpus."""
    test_speakers: tuple[str, ...]
    """Speakers that are only judged by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedNonVoice:
    """A folder of recordings without a voice."""

    kind: str
    """What they are, for reports."""
    folder: str
    licence: str
    leave_out: tuple[str, ...]
    """Patterns of paths with a voice after all: ``"*baby_cry/*"``."""
    test: tuple[str, ...]
    """Patterns of paths that are kept for the test."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NonVoice:
    """What the model learns to be no voice."""

    share: Share
    """Share of the training windows."""
    recorded: tuple[RecordedNonVoice, ...]
    n_synthetic: Annotated[int, Range(0)]
    synthetic_s: Positive
    """Length of one synthetic sound, in seconds."""
    rooms_folder: str
    """Folder of measured impulse responses; empty is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copies:
    """Augmented copies of each recording, made once and kept in the cache."""

    n_copies: Annotated[int, Range(0)]
    clean_share: Share
    """How often the recording itself is drawn, rather than one of its copies."""
    settings: AugmentSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChoice:
    """Which network is built."""

    name: str
    """Name known to `trainer.models.build`."""
    parameters: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """How the network is fitted: AdamW, warm-up, cosine decay, a running mean of the weights."""

    n_epochs: Count
    steps_per_epoch: Count
    batch_size: Count
    peak_learning_rate: Positive
    warmup_epochs: Annotated[int, Range(0)]
    weight_decay: Annotated[float, Range(0)]
    clip_norm: Positive
    ema_momentum: Share
    label_smoothing: Share
    unjudged: dict[str, tuple[str, ...]]
    """For an emotion that a corpus lacks: the labels that it could hide behind there.

    TESS has no ``calm``, so its ``neutral`` may well be calm: there the network's ``calm`` is
    neither right nor wrong. For all other labels a missing emotion is simply wrong.
    """

    def __post_init__(self) -> None:
        words = {*self.unjudged, *(label for labels in self.unjudged.values() for label in labels)}
        unknown = sorted(words - set(EMOTIONS))
        if unknown:
            raise ValueError(f"unjudged names {', '.join(unknown)}, which are no emotions")


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantisation:
    """How the network becomes int8, and what that may cost."""

    n_windows: Count
    """Representative windows."""
    largest_uar_loss: Share
    """UAR that int8 may lose on the validation speakers before export refuses, 0.01 is a point."""
    largest_bytes: Count
    """Size of the finished file that export accepts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """One system, from recordings to file."""

    name: str
    version: str
    summary: str
    licence: str
    """Licence of the weights, as the corpora's licences bind it."""
    seed: Annotated[int, Range(0)]
    features: FeatureSpec
    corpora: tuple[CorpusUse, ...]
    non_voice: NonVoice
    copies: Copies
    windows: SpecAugmentSettings
    model: ModelChoice
    training: Training
    quantisation: Quantisation
    decision: DecisionProposal


def names() -> list[str]:
    """Return the names of the recipes that come with the program."""
    found = (Path(entry.name) for entry in _FOLDER.iterdir())
    return sorted(path.stem for path in found if path.suffix == ".toml")


def read_text(name: str) -> str:
    """Return the text of a recipe that comes with the program, or of a file.

    Raises
    ------
    NoInputError
        If it is neither.
    """
    if name in names():
        return (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    path = Path(name)
    if path.is_file():
        return path.read_text(encoding="utf-8")
    hint = tables.did_you_mean(name, names())
    raise NoInputError(f"{name!r} is neither a recipe of this program nor a file; {hint}")


def parse(text: str, *, origin: str) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    text : str
        TOML.
    origin : str
        Where it comes from, for messages.

    Raises
    ------
    ConfigError
        If it is no TOML, or keys are missing, unknown or wrong; the message lists every fault.
    """
    try:
        table = tomllib.loads(text)
        add_nulls(table)
        return tables.from_table(Recipe, table, path="")
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"recipe {origin} is not valid TOML: {error}") from error
    except tables.TableError as error:
        raise ConfigError(f"recipe {origin} cannot be used: {error}") from error


def load(name: str) -> Recipe:
    """Read a recipe by its name or its path; errors as `read_text` and `parse`."""
    return parse(read_text(name), origin=name)


def add_nulls(table: dict[str, Any]) -> None:
    """Add what TOML cannot say: an absent ``top_db``, or ``tuning`` of chroma, is none."""
    features = table.get("features")
    blocks = features.get("blocks") if isinstance(features, dict) else None
    for block in blocks if isinstance(blocks, list) else []:
        _add_nulls_to_block(block)


def _add_nulls_to_block(block: object) -> None:
    if not isinstance(block, dict):
        return
    if isinstance(block.get("decibel"), dict):
        block["decibel"].setdefault("top_db", None)
    if block.get("kind") == "chroma":
        block.setdefault("tuning", None)
    _add_nulls_to_block(block.get("of"))
