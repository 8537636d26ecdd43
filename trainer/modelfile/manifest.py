"""What the trainer writes into a model's manifest, and model bundles that are not yet a file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edge.contract.bundle import ModelBundle
from edge.contract.manifest import SCHEMA_VERSION, CorpusNote, Manifest
from edge.errors import BundleError, NoInputError, OperatorTooNewError
from trainer import corpora, stored
from trainer.corpora.base import Corpus
from trainer.examples.splits import Split
from trainer.modelfile.network import describe
from trainer.recipe import Recipe
from trainer.run import Fitted, Origin, RunFolder


def corpus_notes(recipe: Recipe, split: Split, *, data: Path) -> tuple[CorpusNote, ...]:
    """Say of every corpus who trained, who was chosen by and who was only judged by.

    A speaker who trained is named there alone: where a split shares speakers, nobody was held out.
    """
    return tuple(_note(corpora.corpus(use.name, data), split) for use in recipe.corpora)


def provisional_bundle(
    flatbuffer: bytes, *, recipe: Recipe, origin: Origin, fitted: Fitted
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
        labels=recipe.labels,
        output="logits",
        input_tensor=network.input_tensor,
        output_tensor=network.output_tensor,
        standardise=fitted.standardise,
        temperature=fitted.temperature,
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


def bundle_of(folder: RunFolder, precision: str, *, recipe: Recipe) -> ModelBundle:
    """Return a finished run's network of a precision as `provisional_bundle` does.

    Raises
    ------
    NoInputError
        If the run has not ended, or has no network of that precision.
    DamagedError
        If the network cannot be read.
    """
    facts, path = folder.read_facts(), folder.flatbuffer(precision)
    if not path.is_file():
        raise NoInputError(f"{folder.path} holds no {precision} network; see its messages")
    try:
        return provisional_bundle(
            path.read_bytes(), recipe=recipe, origin=facts.origin, fitted=facts.fitted
        )
    except OperatorTooNewError:
        raise
    except BundleError as error:
        raise stored.damaged(path, error, remedy="train again") from error


def _note(corpus: Corpus, split: Split) -> CorpusNote:
    speakers = {part: set(split.speakers(part, corpus=corpus.name)) for part in split.parts()}
    trained, chosen_by = speakers["train"], speakers["validation"] - speakers["train"]
    return CorpusNote(
        name=corpus.name,
        licence=corpus.licence,
        n_clips=sum(u.corpus == corpus.name for u in split.train),
        speakers_train=tuple(sorted(trained)),
        speakers_validation=tuple(sorted(chosen_by)),
        speakers_test=tuple(sorted(speakers["test"] - speakers["validation"] - trained)),
    )
