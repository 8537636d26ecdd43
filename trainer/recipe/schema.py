"""Recipe: everything that may vary between two trainings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from edge.contract.labels import refuse_unordered
from edge.contract.manifest import DecisionProposal
from edge.contract.spec import FeatureSpec
from edge.contract.tables import Range
from trainer.recipe.learning import ClipLearning, Count, Share, WindowLearning


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusUse:
    """How one corpus takes part."""

    name: str
    """Folder below the data folder: of a public corpus, or of one's own."""
    weight: Annotated[float, Range(0)]
    """How much its recordings count, relative to the other corpora."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedSpeakers:
    """Speakers held out by name; they leave the training of every corpus."""

    kind: Literal["named"]
    validation: tuple[str, ...]
    """Speakers to calibrate and choose by."""
    test: tuple[str, ...]
    """Speakers that are only judged by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnSpeakers:
    """Speakers held out by the recipe's seed, of each corpus its share and at least one."""

    kind: Literal["drawn"]
    validation_share: Share
    test_share: Share


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedSplit:
    """The random split by which a claim was made, for comparison only; the rest trains."""

    validation_share: Share
    """0 where the publication had no validation part."""
    test_share: Share


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChoice:
    """Which network is built."""

    name: str
    """Name known to `trainer.models.build`."""
    parameters: dict[str, Any]


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
    source: str
    """Whose system this is: paper, repository or "ours"."""
    claim: str
    """What was published of it, with its protocol; or that nothing was."""
    licence: str
    """Licence of the weights, as the corpora's licences bind it."""
    seed: Annotated[int, Range(0)]
    labels: tuple[str, ...]
    """Outputs in order: emotions and possibly ``non_voice``, or the sexes."""
    features: FeatureSpec
    corpora: tuple[CorpusUse, ...]
    split: NamedSpeakers | DrawnSpeakers
    """Who is held out when the recipe is trained once."""
    published_splits: tuple[PublishedSplit, ...]
    """At least one; the first is what `reproduce` compares with the claim."""
    learning: WindowLearning | ClipLearning
    model: ModelChoice
    quantisation: Quantisation
    decision: DecisionProposal

    def __post_init__(self) -> None:
        refuse_unordered(self.labels)
        if not self.published_splits:
            raise ValueError("published_splits is empty, expected at least one")
