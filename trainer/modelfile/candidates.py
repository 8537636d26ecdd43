"""A run's networks on their way to a file: checked, and refused where they are no good."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge import dsp
from edge.contract.bundle import ModelBundle, pack_bundle
from edge.errors import EXIT_BAD_DATA, SerError
from edge.infer.classifier import EmotionClassifier
from trainer.corpora.base import Utterance
from trainer.examples.splits import Split
from trainer.features import parity
from trainer.judging.figures import uar_of
from trainer.judging.predictions import Prediction, predict, spoken_labels
from trainer.modelfile.golden_cases import golden_cases, golden_sounds
from trainer.modelfile.manifest import bundle_of
from trainer.modelfile.network import describe, refuse_newer_operators
from trainer.modelfile.recall import read_split
from trainer.recipe.schema import Recipe
from trainer.run import RunFolder

FloatArray = NDArray[np.float32]
KerasLogits = Callable[[FloatArray], FloatArray]


class QualityError(SerError, ValueError):
    """A model is worse or larger than its recipe allows."""

    exit_code = EXIT_BAD_DATA


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidates:
    """What may become a file."""

    recipe: Recipe
    data: Path
    split: Split
    bundles: dict[str, ModelBundle]
    """By precision, with golden cases; float32 is always there, since all are compared with it."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What a voice may be called."""
        return spoken_labels(self.bundles["float32"])

    def predictions(
        self, precision: str, utterances: Sequence[Utterance], *, title: str
    ) -> list[Prediction]:
        """Return what the network of a precision says of recordings, as the device does."""
        return predict(
            self.bundles[precision],
            utterances,
            data=self.data,
            precision=precision,
            seed=self.recipe.seed,
            fold=title,
        )


def candidates_of(run: RunFolder, precisions: Iterable[str], *, data: Path) -> Candidates:
    """Read a run's networks of some precisions, and of float32.

    Raises
    ------
    NoInputError
        If the run has not ended or has no such network, or its recordings are not found.
    OperatorTooNewError
        If the oldest supported runtime lacks an operator.
    """
    recipe = run.read_recipe()
    bundles = {}
    for precision in dict.fromkeys(("float32", *precisions)):
        bundle = bundle_of(run, precision, recipe=recipe)
        refuse_newer_operators(describe(bundle.flatbuffer))
        bundles[precision] = dataclasses.replace(bundle, golden=golden_cases(bundle))
    split = read_split(run, recipe, data)
    return Candidates(recipe=recipe, data=data, split=split, bundles=bundles)


def refuse_disparity(candidates: Candidates, keras_logits: KerasLogits) -> None:
    """Raise where librosa and the edge, or Keras and TFLite, disagree on golden or nasty sounds.

    Raises
    ------
    ParityError
    """
    spec = candidates.recipe.features
    sounds = golden_sounds(spec) | parity.nasty_signals(
        sample_rate_hz=spec.sample_rate_hz, n_samples=spec.window_length
    )
    windows = {name: dsp.extract(samples, spec) for name, samples in sounds.items()}
    as_float = EmotionClassifier(candidates.bundles["float32"])
    with warnings.catch_warnings():
        # librosa finds no pitch in silence, which is here on purpose.
        warnings.simplefilter("ignore", UserWarning)
        parity.refuse(parity.front_end(spec, sounds))
    parity.refuse(parity.networks(keras_logits, as_float.logits, windows))


def within_bounds(
    candidates: Candidates, precisions: Iterable[str]
) -> tuple[list[str], list[QualityError]]:
    """Return the precisions that are small and good enough, and why the others are not."""
    good, refused = [], []
    uar_before: float | None = None
    for precision in precisions:
        try:
            packed(candidates.bundles[precision], candidates.recipe)
            if precision != "float32":
                if uar_before is None:
                    uar_before = _validation_uar(candidates, "float32")
                refuse_loss(
                    precision,
                    before=uar_before,
                    after=_validation_uar(candidates, precision),
                    largest=candidates.recipe.quantisation.largest_uar_loss,
                )
        except QualityError as error:
            refused.append(error)
        else:
            good.append(precision)
    return good, refused


def refuse_loss(precision: str, *, before: float, after: float, largest: float) -> None:
    """Raise where quantisation costs too much.

    Parameters
    ----------
    precision : str
    before, after : float
        UAR of float32 and of this precision on the same recordings, 0 to 1.
    largest : float
        What may be lost, 0 to 1.

    Raises
    ------
    QualityError
    """
    if before - after > largest:
        raise QualityError(
            f"{precision} loses {before - after:.1%} UAR on the validation recordings "
            f"({before:.1%} to {after:.1%}), the recipe allows {largest:.1%}; give more "
            "representative windows, train longer, or export another precision"
        )


def packed(bundle: ModelBundle, recipe: Recipe) -> bytes:
    """Return the content of a model file.

    Raises
    ------
    QualityError
        If it is larger than the recipe allows.
    """
    content = pack_bundle(
        flatbuffer=bundle.flatbuffer,
        manifest=bundle.manifest,
        golden_cases=bundle.golden,
        model_card=bundle.model_card,
    )
    largest = recipe.quantisation.largest_bytes
    if len(content) > largest:
        raise QualityError(
            f"the model file would have {len(content)} bytes, the recipe allows {largest}; "
            "choose a smaller network or another precision"
        )
    return content


def _validation_uar(candidates: Candidates, precision: str) -> float:
    # Where nobody validates, what a precision costs still shows on those who trained.
    part = candidates.split.validation or candidates.split.train
    rows = candidates.predictions(precision, part, title="validation")
    by_corpus = [[r for r in rows if r.corpus == c] for c in sorted({r.corpus for r in rows})]
    return float(np.mean([uar_of(corpus, candidates.labels) for corpus in by_corpus]))
