"""A finished run becomes one model file, unless desktop and device disagree or int8 costs much."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from edge import dsp
from edge.contract import tables
from edge.contract.bundle import ModelBundle, write_bundle
from edge.contract.golden import GoldenCase
from edge.contract.spec import FeatureSpec
from edge.errors import EXIT_BAD_DATA, SerError
from edge.infer.classifier import EmotionClassifier
from trainer import evaluate, model_card, parity, quantize
from trainer.dataset import non_voice_recordings
from trainer.manifest import Origin, provisional_bundle
from trainer.recipe import Recipe
from trainer.run import RunFolder, write_json

FloatArray = NDArray[np.float32]
KerasLogits = Callable[[FloatArray], FloatArray]

_GOLDEN_SPEECH_S = (2.0, 3.0)
_GOLDEN_NOISE_S = 0.25
_SCREENED_FIGURES = ("uar", "accuracy", "macro_f1", "ece")


class QualityError(SerError, ValueError):
    """The model is worse or larger than its recipe allows."""

    exit_code = EXIT_BAD_DATA


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    n_bytes: int
    figures: dict[str, Any]


def export(run: RunFolder, *, data: Path, out: Path, keras_logits: KerasLogits) -> Exported:
    """Check a run, judge it on its test speakers, and write its model file.

    Parameters
    ----------
    run : RunFolder
    data : Path
        The folder of the corpora.
    out : Path
        The model file; it appears whole or not at all.
    keras_logits : callable
        The run's Keras model: a window of features in, logits out.

    Raises
    ------
    ParityError
        If librosa and the edge, or Keras and TFLite, disagree.
    QualityError
        If int8 loses more than the recipe allows, or the file is too large.
    OperatorTooNewError
        If the oldest supported runtime lacks an operator.
    """
    recipe = run.read_recipe()
    origin, temperature = _read_facts(run)
    bundles = {
        precision: provisional_bundle(
            run.flatbuffer(precision).read_bytes(),
            recipe=recipe,
            origin=origin,
            temperature=temperature,
        )
        for precision in ("float32", "int8")
    }
    _check(recipe, bundles, keras_logits)
    refuse_loss(
        before=_validation_uar(bundles["float32"], data, "float32"),
        after=_validation_uar(bundles["int8"], data, "int8"),
        largest=recipe.quantisation.largest_uar_loss,
    )
    figures = _test_figures(recipe, bundles, data)
    finished = {name: _finish(bundle, figures, recipe) for name, bundle in bundles.items()}
    write(run.path / f"{recipe.name}-{recipe.version}-float32.tflite", finished["float32"])
    write_json(run.path / "figures.json", figures)
    write(out, finished["int8"], largest_bytes=recipe.quantisation.largest_bytes)
    return Exported(path=out, n_bytes=out.stat().st_size, figures=figures)


def losses(figures: dict[str, Any]) -> dict[str, float]:
    """Return the UAR that int8 costs on the test speakers of every corpus; 0.01 is a point."""
    return {
        corpus: figures["float32"][corpus]["uar"] - found["uar"]
        for corpus, found in figures["int8"].items()
    }


def refuse_loss(*, before: float, after: float, largest: float) -> None:
    """Raise where quantisation costs too much.

    Parameters
    ----------
    before, after : float
        UAR of float32 and of int8 on the validation speakers, 0 to 1.
    largest : float
        What int8 may lose, 0 to 1.

    Raises
    ------
    QualityError
    """
    if before - after > largest:
        raise QualityError(
            f"int8 loses {before - after:.1%} UAR on the validation speakers ({before:.1%} to "
            f"{after:.1%}), the recipe allows {largest:.1%}; "
            "give more representative windows or train longer"
        )


def write(path: Path, bundle: ModelBundle, *, largest_bytes: int | None = None) -> None:
    """Write a bundle as one file.

    Raises
    ------
    QualityError
        If the file would be larger than `largest_bytes`; then it is not written.
    """
    trial = path.with_name(path.name + ".trial")
    write_bundle(
        trial,
        flatbuffer=bundle.flatbuffer,
        manifest=bundle.manifest,
        golden_cases=bundle.golden,
        model_card=bundle.model_card,
    )
    n_bytes = trial.stat().st_size
    if largest_bytes is not None and n_bytes > largest_bytes:
        trial.unlink()
        raise QualityError(
            f"the model file would have {n_bytes} bytes, the recipe allows {largest_bytes}; "
            "choose a smaller network"
        )
    trial.replace(path)


def golden_sounds(spec: FeatureSpec) -> dict[str, FloatArray]:
    """Return the sounds of the golden cases, at the model's rate, as 16-bit values."""
    rate_hz = spec.sample_rate_hz
    nasty = parity.nasty_signals(sample_rate_hz=rate_hz, n_samples=round(_GOLDEN_NOISE_S * rate_hz))
    sounds = {
        "speech": bundled_speech(rate_hz),
        "silence": nasty["silence"],
        "near_silence": nasty["near silence"],
        "clipping": nasty["clipping"],
        "noise": nasty["noise"],
    }
    return {name: _as_16_bit(samples) for name, samples in sounds.items()}


def bundled_speech(sample_rate_hz: int) -> FloatArray:
    """Return a second of the synthetic speech that comes with the program."""
    file = resources.files("edge") / "samples" / "room.flac"
    with file.open("rb") as stream:
        samples, rate_hz = soundfile.read(stream, dtype="float32")
    first, end = (round(t * rate_hz) for t in _GOLDEN_SPEECH_S)
    return dsp.resample.resample(samples[first:end], rate_in_hz=rate_hz, rate_out_hz=sample_rate_hz)


def golden_cases(bundle: ModelBundle) -> tuple[GoldenCase, ...]:
    """Compute the golden cases of a model with the edge's own code."""
    classifier = EmotionClassifier(bundle)
    spec = bundle.manifest.features
    cases = []
    for name, samples in golden_sounds(spec).items():
        found = dsp.extract(samples, spec)
        cases.append(
            GoldenCase(name=name, samples=samples, features=found, logits=classifier.logits(found))
        )
    return tuple(cases)


def _read_facts(run: RunFolder) -> tuple[Origin, float]:
    facts = run.read_facts()
    return tables.from_table(Origin, facts["origin"], path="origin"), facts["temperature"]


def _check(recipe: Recipe, bundles: dict[str, ModelBundle], keras_logits: KerasLogits) -> None:
    quantize.refuse_newer_operators(quantize.describe(bundles["int8"].flatbuffer))
    spec = recipe.features
    sounds = golden_sounds(spec) | parity.nasty_signals(
        sample_rate_hz=spec.sample_rate_hz, n_samples=spec.window_length
    )
    windows = {name: dsp.extract(samples, spec) for name, samples in sounds.items()}
    as_float = EmotionClassifier(bundles["float32"])
    parity.refuse(parity.front_end(spec, sounds))
    parity.refuse(parity.networks(keras_logits, as_float.logits, windows))


def _validation_uar(bundle: ModelBundle, data: Path, name: str) -> float:
    utterances = evaluate.held_out(bundle, data, speakers="validation")
    verdicts = evaluate.judge(bundle, utterances, title=f"validation, {name}")
    return float(np.mean([found["uar"] for found in evaluate.report(verdicts).values()]))


def _test_figures(recipe: Recipe, bundles: dict[str, ModelBundle], data: Path) -> dict[str, Any]:
    figures: dict[str, Any] = evaluate.describe(bundles["int8"], speakers="test")
    for name, bundle in bundles.items():
        utterances = evaluate.held_out(bundle, data, speakers="test")
        verdicts = evaluate.judge(bundle, utterances, title=f"test, {name}")
        figures[name] = evaluate.report(verdicts)
    figures["non_voice"] = {
        source.kind: evaluate.accepted_as_voice(
            bundles["int8"], non_voice_recordings(source, data)["test"], title=source.kind
        )
        for source in recipe.non_voice.recorded
    }
    return figures


def _finish(bundle: ModelBundle, figures: dict[str, Any], recipe: Recipe) -> ModelBundle:
    precision = bundle.manifest.input_tensor.dtype
    metrics = {
        f"{corpus}.test.{figure}": float(found[figure])
        for corpus, found in figures[precision].items()
        for figure in _SCREENED_FIGURES
    }
    manifest = dataclasses.replace(bundle.manifest, metrics=metrics)
    return dataclasses.replace(
        bundle,
        manifest=manifest,
        golden=golden_cases(bundle),
        model_card=model_card.render(manifest, figures=figures, summary=recipe.summary),
        sha256=hashlib.sha256(bundle.flatbuffer).hexdigest(),
    )


def _as_16_bit(samples: FloatArray) -> FloatArray:
    steps = np.clip(np.rint(samples * 32768.0), -32768, 32767)
    return (steps / 32768.0).astype(np.float32)
