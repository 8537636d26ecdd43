"""What the trainer writes into a model's manifest, and model bundles that are not yet a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from edge.contract.bundle import ModelBundle
from edge.contract.manifest import SCHEMA_VERSION, CorpusNote, Manifest
from trainer.dataset import corpus_named
from trainer.labels import LABELS
from trainer.quantize import describe
from trainer.recipe import Recipe
from trainer.splits import Split


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a model comes from."""

    created_utc: str
    commit: str
    libraries: dict[str, str]
    corpora: tuple[CorpusNote, ...]


def corpus_notes(recipe: Recipe, split: Split) -> tuple[CorpusNote, ...]:
    """Say of every corpus who trained, who was chosen by and who was only judged by."""
    return tuple(_note(use.name, split) for use in recipe.corpora)


def provisional_bundle(
    flatbuffer: bytes, *, recipe: Recipe, origin: Origin, temperature: float
) -> ModelBundle:
    """Return a model in memory, so that the edge's own code can run it before it is exported.

    It has no metrics, golden cases or card yet.
    """
    network = describe(flatbuffer)
    digest = hashlib.sha256(flatbuffer).hexdigest()
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        name=recipe.name,
        version=recipe.version,
        created_utc=origin.created_utc,
        recipe=recipe.name,
        commit=origin.commit,
        features=recipe.features,
        fingerprint=recipe.features.fingerprint(),
        labels=LABELS,
        output="logits",
        input_tensor=network.input_tensor,
        output_tensor=network.output_tensor,
        standardise=None,
        temperature=temperature,
        decision=recipe.decision,
        sha256=digest,
        operators=network.operators,
        min_runtime=network.min_runtime,
        corpora=origin.corpora,
        licence=recipe.licence,
        metrics={},
        libraries=origin.libraries,
    )
    return ModelBundle(
        manifest=manifest, flatbuffer=flatbuffer, golden=(), model_card="", sha256=digest
    )


def _note(name: str, split: Split) -> CorpusNote:
    return CorpusNote(
        name=name,
        licence=corpus_named(name).licence,
        n_clips=sum(u.corpus == name for u in split.train),
        speakers_train=split.speakers("train", corpus=name),
        speakers_validation=split.speakers("validation", corpus=name),
        speakers_test=split.speakers("test", corpus=name),
    )
