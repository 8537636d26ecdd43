"""The judge of script/test-arm: two machines answer the same, or it is told where they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.deploy.arm import judge, recordings

TOLERANCE = 0.025


def answer(label: str | None, calm: float, speech_s: float = 1.5) -> dict[str, Any]:
    shares = {"calm": calm, "sad": 1.0 - calm} if label else {}
    return {"label": label, "probabilities": shares, "speech_s": speech_s}


HERE = {"a.wav": answer("calm", 0.8), "b.wav": answer(None, 0.0)}


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (HERE, []),
        ({**HERE, "a.wav": answer("calm", 0.81)}, []),
        ({**HERE, "a.wav": answer("calm", 0.83)}, ["a.wav: a probability is 0.0300 off"]),
        ({**HERE, "a.wav": answer("sad", 0.8)}, ["a.wav: calm here, sad there"]),
        (
            {**HERE, "b.wav": answer("sad", 0.1)},
            ["b.wav: None here, sad there", "b.wav: a probability is"],
        ),
        ({**HERE, "a.wav": answer("calm", 0.8, 1.4)}, ["a.wav: 1.5 s of speech here, 1.4 s there"]),
        ({"a.wav": HERE["a.wav"]}, ["b.wav: only one of both answers"]),
    ],
)
def test_every_difference_is_told(there: dict[str, Any], told: list[str]) -> None:
    verdict = judge.compared(HERE, there, tolerance=TOLERANCE)
    assert len(verdict["troubles"]) == len(told)
    for trouble, beginning in zip(verdict["troubles"], told, strict=True):
        assert trouble.startswith(beginning)


def test_no_answers_are_no_agreement() -> None:
    assert judge.compared({}, {}, tolerance=TOLERANCE)["troubles"]


def test_recordings_are_spread_over_a_corpus() -> None:
    files = [Path(f"{number:02}.wav") for number in range(12)]
    assert recordings.spread(files) == [files[2], files[6], files[10]]
    assert recordings.spread(files[:2]) == files[:2]
    assert recordings.spread([]) == []
