"""A report as a real run gives it, made from drawn predictions by the real arithmetic."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from edge.contract.labels import EMOTIONS
from edge.contract.manifest import CorpusNote
from edge.contract.tables import to_table
from trainer import recipe
from trainer.judging import figures
from trainer.judging.predictions import Prediction, to_csv
from trainer.run import (
    HISTORY,
    Facts,
    Fitted,
    Origin,
    RunFolder,
    write_bytes,
    write_csv,
    write_json,
)

TINY_RECIPE = Path(__file__).parents[1] / "tiny.toml"

SPEAKERS = {
    "ravdess": ("ravdess_17", "ravdess_18", "ravdess_19", "ravdess_20"),
    "emodb": ("emodb_11",),
    "nemo": ("nemo_SM0",),
}
ABILITY = {"float32": 0.62, "float16": 0.62, "dynamic": 0.615, "int8": 0.60}
"""How often the drawn model is right, by precision."""


@pytest.fixture(scope="session")
def _report() -> dict[str, Any]:
    return {
        "schema": 1,
        "name": "room",
        "version": "1",
        "recipe": "default",
        "summary": "Eight emotions and a veto for sounds without a voice.",
        "source": "ours",
        "claim": "none but ours, by new speakers: see docs/accuracy.md",
        "licence": "CC BY-NC-SA 4.0 (non-commercial, as the corpora demand)",
        "created_utc": "2026-11-21T00:13:59Z",
        "commit": "ab0f0a903372d10a6e8549948a5e1a59843dab0c",
        "libraries": {"tensorflow-cpu": "2.19.1", "keras": "3.15.1", "librosa": "0.11.0"},
        "protocol": "none of the people tested was trained on; the recipe names them.",
        "new_speakers": True,
        "headline": "int8",
        "labels": [*EMOTIONS, "non_voice"],
        "spec": recipe.load("default").features.to_dict(),
        "n_parameters": 90213,
        "corpora": [_corpus(name) for name in SPEAKERS],
        "precisions": _precisions(),
        "features_ms": 0.81,
        "machine": "x86_64, litert 2.1.6",
        "history": [_epoch(n) for n in range(1, 101)],
        "robustness": _robustness(),
        "importance": [
            {"name": f"log-mel {band} Hz", "drop": drop, "deviation": 0.011}
            for band, drop in (("0 to 250", 0.031), ("250 to 500", 0.124), ("500 to 1000", -0.004))
        ],
        "random_split": figures.figures_of(drawn(ability=0.85, seed=9), EMOTIONS),
    }


@pytest.fixture
def report(_report: dict[str, Any]) -> dict[str, Any]:
    """Return a whole report, free to be changed."""
    return copy.deepcopy(_report)


def drawn(
    *, ability: float, seed: int, fold: str = "", precision: str = "int8"
) -> list[Prediction]:
    """Draw what a model might have said of the test speakers."""
    rng = np.random.default_rng(seed)
    return [
        _prediction(rng, i, corpus, speaker, ability, seed=seed, fold=fold, precision=precision)
        for corpus, speakers in SPEAKERS.items()
        for number, speaker in enumerate(speakers)
        for i in range(64)
    ]


def _prediction(rng, i, corpus, speaker, ability, *, seed, fold, precision) -> Prediction:
    truth = EMOTIONS[i % 8]
    shares = rng.dirichlet(np.full(8, 0.6))
    own = {"ravdess": 0.05, "emodb": 0.1, "nemo": -0.25}[corpus] - 0.05 * (i % 8 == 5)
    best = int(np.argmax(shares))
    if rng.random() < ability + own:
        index = EMOTIONS.index(truth)
        shares[[best, index]] = shares[[index, best]]
    probabilities = dict(zip(EMOTIONS, shares.tolist(), strict=True))
    predicted = max(probabilities, key=probabilities.__getitem__)
    heard = rng.random() > 0.02
    return Prediction(
        precision=precision,
        seed=seed,
        fold=fold,
        file=f"{corpus}/{speaker}-{i}.wav",
        corpus=corpus,
        speaker=speaker,
        sex="MF"[int(speaker[-1], 36) % 2],
        age_years={"emodb": 34, "nemo": 24}.get(corpus),
        truth=truth,
        intensity=("normal", "strong")[i % 16 > 7] if corpus == "ravdess" else "",
        text=f"sentence {i % 3 + 1}",
        predicted=predicted if heard else "",
        confidence=probabilities[predicted] if heard else 0.0,
        probabilities=probabilities if heard else {},
    )


def _precisions() -> dict[str, Any]:
    rows = {p: drawn(ability=ability, seed=7, precision=p) for p, ability in ABILITY.items()}
    n_bytes = {"float32": 367232, "float16": 190112, "dynamic": 110568, "int8": 103304}
    return {
        precision: {
            "n_bytes": n_bytes[precision],
            "ms_per_window": 3.42 if precision != "int8" else 1.37,
            "figures": figures.figures_of(found, EMOTIONS),
            "against_float32": None
            if precision == "float32"
            else figures.against(found, rows["float32"], EMOTIONS),
        }
        for precision, found in rows.items()
    }


def _corpus(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "licence": {"emodb": "CC0 1.0"}.get(name, "CC BY-NC-SA 4.0"),
        "n_train": 839,
        "n_validation": 120,
        "n_test": 64 * len(SPEAKERS[name]),
        "speakers_train": [f"{name}_{i:02d}" for i in range(1, 9)],
        "speakers_validation": [f"{name}_09"],
        "speakers_test": list(SPEAKERS[name]),
    }


def _epoch(number: int) -> dict[str, Any]:
    falling = 2.0 * np.exp(-number / 25)
    return {
        "epoch": number,
        "loss": float(0.4 + falling),
        "validation_loss": float(0.9 + 0.8 * falling + 0.02 * np.sin(number)),
        "validation_uar": float(0.64 - 0.25 * falling) if number % 5 == 0 else None,
    }


def _robustness() -> list[dict[str, Any]]:
    snrs = [("snr", value, 0.62 - 0.016 * (20 - value)) for value in (20.0, 15.0, 10.0, 5.0, 0.0)]
    t60s = [("t60", value, 0.61 - 0.18 * value) for value in (0.2, 0.4, 0.6, 0.8, 1.0)]
    return [
        {"kind": kind, "value": value, "n_clips": 200, "uar": uar, "accuracy": uar + 0.013}
        for kind, value, uar in (("clean", None, 0.631), *snrs, *t60s)
    ]


@pytest.fixture
def judged_run(tmp_path: Path) -> Path:
    """Return the folder of a run that was judged; it holds no networks."""
    folder = tmp_path / "run"
    write_run(folder, protocol="recipe", fold="")
    return folder


@pytest.fixture
def study_folder(tmp_path: Path) -> Path:
    """Return the folder of a study of two folds, both judged."""
    folder = tmp_path / "study"
    rows = [
        row
        for fold in ("folds-1", "folds-2")
        for row in write_run(folder / "cells" / f"seed7-{fold}", protocol="folds", fold=fold)
    ]
    shutil.copy(TINY_RECIPE, folder / "recipe.toml")
    write_json(folder / "study.json", {"protocol": "folds"})
    write_bytes(folder / "predictions.csv", to_csv(rows).encode())
    return folder


def facts_of(protocol: Literal["recipe", "folds"]) -> Facts:
    """Return what is known of a drawn training."""
    notes = tuple(
        CorpusNote(
            name=name,
            licence="CC0 1.0",
            n_clips=5,
            speakers_train=(),
            speakers_validation=(),
            speakers_test=speakers,
        )
        for name, speakers in SPEAKERS.items()
    )
    return Facts(
        protocol=protocol,
        n_parameters=1234,
        origin=Origin(created_utc="2026-11-21T00:13:59Z", commit="", libraries={}, corpora=notes),
        fitted=Fitted(temperature=1.0, standardise=None),
    )


def write_run(folder: Path, *, protocol: Literal["recipe", "folds"], fold: str) -> list[Prediction]:
    """Write what a judged training leaves behind, but for the networks; return the predictions."""
    run = RunFolder(path=folder)
    folder.mkdir(parents=True)
    shutil.copy(TINY_RECIPE, run.recipe)
    rows = drawn(ability=0.6, seed=7, fold=fold)
    tested = [("test", row.corpus, row.speaker, row.truth, row.file) for row in rows]
    trained = [("train", "ravdess", "ravdess_01", "sad", f"ravdess/{i}.wav") for i in range(5)]
    write_csv(run.split, ("part", "corpus", "speaker", "emotion", "file"), [*trained, *tested])
    write_csv(run.history, HISTORY, [(1, 2.5, "", "", 1), (2, 1.5, 1.75, 0.25, 2)])
    write_json(run.facts, to_table(facts_of(protocol)))
    write_bytes(run.predictions, to_csv(rows).encode())
    return rows
