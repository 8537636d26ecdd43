from __future__ import annotations

import json

import numpy as np
import pytest

from edge.analysis import ClipAnalyzer, analyze_samples, likeliest
from edge.contract.labels import EMOTIONS
from edge.errors import AudioDataError
from edge.stream.vad import GateSettings
from tests.fakes.sound import classifier, cut, sample


@pytest.fixture
def analyzer() -> ClipAnalyzer:
    return ClipAnalyzer(classifier(), gate=GateSettings())


def test_the_sample(analyzer: ClipAnalyzer) -> None:
    found = analyze_samples(analyzer, sample(), sample_rate_hz=16000)
    assert found.label in EMOTIONS
    assert found.confidence == found.probabilities[found.label] == max(found.probabilities.values())
    assert sum(found.probabilities.values()) == pytest.approx(1.0)
    assert 5.0 < found.speech_s < found.duration_s == pytest.approx(len(sample()) / 16000)


def test_clips_do_not_influence_each_other_and_cutting_does_not_matter(
    analyzer: ClipAnalyzer,
) -> None:
    first = analyze_samples(analyzer, sample(), sample_rate_hz=16000)
    analyze_samples(analyzer, -sample()[::-1].copy(), sample_rate_hz=16000)
    again = analyzer.analyze(cut(sample(), list(range(0, len(sample()), 4321))))
    assert again == first


@pytest.mark.parametrize("n", [0, 1, 16000])
def test_silence_has_no_label(analyzer: ClipAnalyzer, n: int) -> None:
    found = analyze_samples(analyzer, np.zeros(n, np.float32), sample_rate_hz=16000)
    assert (found.label, found.confidence, found.probabilities) == (None, 0.0, {})
    assert found.speech_s == 0.0


def test_the_json_is_as_promised(analyzer: ClipAnalyzer) -> None:
    found = analyze_samples(analyzer, sample(), sample_rate_hz=16000).to_dict()
    assert list(found) == [
        "duration_s",
        "speech_s",
        "label",
        "confidence",
        "probabilities",
        "windows",
    ]
    assert list(found["windows"][0]) == ["start_s", "end_s", "speech", "label", "probabilities"]
    assert all(w["end_s"] <= found["duration_s"] for w in found["windows"])
    assert all((w["label"] is None) == (not w["speech"]) for w in found["windows"])
    json.dumps(found, allow_nan=False)


def test_impossible_samples_are_refused(analyzer: ClipAnalyzer) -> None:
    bad = np.array([0.0, np.nan], np.float32)
    with pytest.raises(AudioDataError, match="sample 1 is nan"):
        analyze_samples(analyzer, bad, sample_rate_hz=16000)


def test_the_likeliest_of_equals_is_the_first() -> None:
    assert likeliest({"calm": 0.4, "sad": 0.4}) == "calm"
    assert likeliest({}) is None
    assert likeliest(None) is None
