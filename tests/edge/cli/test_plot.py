from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from edge.analysis import ClipAnalysis
from edge.cli import plot
from edge.contract.labels import EMOTIONS, SEXES
from edge.decide.outcomes import Scores
from tests.fakes.sound import block, sample

pytest.importorskip("matplotlib")


def analysis(labels: tuple[str, ...]) -> ClipAnalysis:
    shares = dict.fromkeys(labels, 1 / len(labels))
    window = Scores(
        start_sample=0,
        end_sample=32000,
        speech_s=1.0,
        level_dbfs=-20.0,
        is_speech=True,
        probabilities=shares,
        inference_ms=0.0,
    )
    return ClipAnalysis(
        duration_s=2.0,
        speech_s=1.0,
        label=labels[0],
        confidence=shares[labels[0]],
        probabilities=shares,
        windows=(window,),
        sample_rate_hz=16000,
    )


@pytest.mark.parametrize("labels", [EMOTIONS, EMOTIONS[1:], SEXES])
def test_every_label_of_a_model_has_its_own_colour(labels: tuple[str, ...], tmp_path: Path) -> None:
    target = tmp_path / "it.png"
    blocks = [block(sample()[:32000])]
    plot.draw(target, title="it.wav", blocks=blocks, analysis=analysis(labels))
    assert target.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert all(plot.COLOURS[a] != plot.COLOURS[b] for a, b in combinations(labels, 2))
