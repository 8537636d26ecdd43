"""What a model file said of each recording: the raw material of every figure, as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from edge.contract.bundle import ModelBundle
from edge.errors import NoInputError
from trainer import stored
from trainer.corpora.base import Utterance, name_in
from trainer.corpora.targets import spoken, target
from trainer.judging.verdicts import Verdict, judge

_PREFIX = "p_"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """One recording, its truth, and what one model file said of it."""

    precision: str
    """``"float32"``, ``"float16"``, ``"dynamic"`` or ``"int8"``; empty where nobody says: a model
    file itself tells int8 from the others, but not these from each other."""
    seed: int
    fold: str
    """Name of the training that the model comes from; empty for a single one."""
    file: str
    """Relative to the data folder, as `trainer.run.SplitRow` has it."""
    corpus: str
    speaker: str
    sex: str
    age_years: int | None
    """None where it is not known."""
    truth: str
    intensity: str
    text: str
    predicted: str
    """Empty where the model gave no label: the gate heard no speech, or the model vetoed."""
    confidence: float
    """Probability of `predicted`; 0 without one."""
    probabilities: dict[str, float]
    """Of every label; empty without one."""


def predict(
    bundle: ModelBundle,
    utterances: Sequence[Utterance],
    *,
    data: Path,
    precision: str,
    seed: int,
    fold: str,
) -> list[Prediction]:
    """Analyse recordings by the edge's own code, as ``ser-edge analyze`` does.

    Parameters
    ----------
    bundle : ModelBundle
    utterances : sequence of Utterance
        Each with a target among the model's labels.
    data : Path
        The folder of the corpora, from which on files are named.
    precision, fold : str
    seed : int
        They stand in every row.

    Raises
    ------
    AudioDataError
        If a recording cannot be decoded: figures over a part of a test would mislead.
    """
    labels = spoken_labels(bundle)

    def row(verdict: Verdict) -> Prediction:
        utterance, analysis = verdict.utterance, verdict.analysis
        return Prediction(
            precision=precision,
            seed=seed,
            fold=fold,
            file=name_in(data, path=utterance.path),
            corpus=utterance.corpus,
            speaker=utterance.speaker,
            sex=utterance.sex,
            age_years=utterance.age_years,
            truth=target(utterance, labels),
            intensity=utterance.intensity,
            text=utterance.text,
            predicted=analysis.label or "",
            confidence=analysis.confidence,
            probabilities=analysis.probabilities,
        )

    verdicts = judge(bundle, utterances, title=f"{fold} {precision}".strip())
    return [row(verdict) for verdict in verdicts]


def spoken_labels(bundle: ModelBundle) -> tuple[str, ...]:
    """Return the labels that a model may give to a voice."""
    return spoken(bundle.manifest.labels)


def to_csv(predictions: Sequence[Prediction]) -> str:
    """Return predictions as the text of a CSV file, one column a label's probability."""
    labels = sorted({label for p in predictions for label in p.probabilities})
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*_COLUMNS, *(_PREFIX + label for label in labels)])
    writer.writerows(_row(prediction, labels) for prediction in predictions)
    return text.getvalue()


def read_predictions(path: Path) -> list[Prediction]:
    """Read what `to_csv` wrote.

    Raises
    ------
    NoInputError
        If the file is absent.
    DamagedError
        If it is no table of predictions.
    """
    if not path.is_file():
        raise NoInputError(f"{path} does not exist; judge the run first")
    return stored.read_rows(
        path, _COLUMNS, _prediction, remedy="delete it, and the recordings are judged again"
    )


_COLUMNS = tuple(field.name for field in fields(Prediction) if field.name != "probabilities")


def _row(prediction: Prediction, labels: Iterable[str]) -> list[object]:
    cells = [getattr(prediction, name) for name in _COLUMNS]
    cells[_COLUMNS.index("confidence")] = f"{prediction.confidence:.6f}"
    shares = [prediction.probabilities.get(label) for label in labels]
    return [*cells, *("" if share is None else f"{share:.6f}" for share in shares)]


def _prediction(row: dict[str, str]) -> Prediction:
    probabilities = {
        name.removeprefix(_PREFIX): float(share)
        for name, share in row.items()
        if name.startswith(_PREFIX) and share
    }
    words = stored.only(row, _COLUMNS)
    numbers = {"seed", "age_years", "confidence"}
    return Prediction(
        **{name: word for name, word in words.items() if name not in numbers},
        seed=int(words["seed"]),
        age_years=int(words["age_years"]) if words["age_years"] else None,
        confidence=float(words["confidence"]),
        probabilities=probabilities,
    )
