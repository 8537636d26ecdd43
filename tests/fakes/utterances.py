"""Utterances for tests that do not care which corpus they are from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from trainer.corpora.base import Utterance


def utterance(path: Path | str, **changes: Any) -> Utterance:
    made = Utterance(
        path=Path(path),
        corpus="ravdess",
        emotion="calm",
        speaker="ravdess_01",
        sex="",
        age_years=None,
        intensity="",
        text="",
        take="",
    )
    return replace(made, **changes)
