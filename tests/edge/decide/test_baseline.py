from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.labels import EMOTIONS
from edge.contract.tables import from_table, to_table
from edge.decide import baseline
from edge.decide.baseline import (
    LEAST_PROBABILITY,
    LEAST_SPEECH_S,
    MEMORY_WINDOWS,
    REFERENCES,
    OwnNormal,
    UsualVoice,
    kind_of,
    relative,
    shares,
    unheard,
    with_window,
)
from edge.decide.outcomes import Scores
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.stream.vad import DEFAULT_GATE
from tests.fakes.sound import block, bundled, classifier, sample

REFERENCE = REFERENCES[bundled().manifest.sha256]
HOP = 8000


def spread(*weights: float) -> dict[str, float]:
    total = sum(weights)
    return {e: w / total for e, w in zip(EMOTIONS, weights, strict=True)}


probabilities = st.lists(
    st.floats(min_value=1e-6, max_value=1.0), min_size=len(EMOTIONS), max_size=len(EMOTIONS)
).map(lambda weights: spread(*weights))
SAD = spread(0.1, 0.05, 0.6, 0.05, 0.05, 0.05, 0.05, 0.05)
CALM = spread(0.8, 0.05, 0.05, 0.02, 0.02, 0.02, 0.02, 0.02)


def heard(*windows: dict[str, float], fresh_s: float = 0.5) -> UsualVoice:
    usual = unheard(REFERENCE)
    for window in windows:
        usual = with_window(usual, window, REFERENCE, fresh_s=fresh_s)
    return usual


def scores(found: dict[str, float] | None, *, is_speech: bool = True) -> Scores:
    return Scores(
        start_sample=0,
        end_sample=48000,
        speech_s=3.0,
        level_dbfs=-30.0,
        is_speech=is_speech,
        probabilities=found,
        inference_ms=1.0,
    )


def test_the_bundled_model_was_measured_and_all_its_emotions_with_it():
    """Another one has to be measured anew: python -m benchmarks.adaptation --reference."""
    labels = [label for label in bundled().manifest.labels if label in EMOTIONS]
    assert REFERENCE.keys() == shares(dict.fromkeys(labels, 0.1)).keys()
    assert all(mean < 0.0 for mean in REFERENCE.values())


@given(probabilities, probabilities, st.floats(0.0, 1.0))
def test_probabilities_stay_probabilities(found, usual, strength):
    moved = relative(found, heard(usual), REFERENCE, strength=strength)
    assert moved.keys() == found.keys()
    assert all(share >= 0.0 for share in moved.values())
    assert math.isclose(sum(moved.values()), 1.0, abs_tol=1e-9)


@given(probabilities, probabilities)
def test_without_strength_and_for_somebody_like_all_others_nothing_moves(found, usual):
    assert relative(found, heard(usual), REFERENCE, strength=0.0) == pytest.approx(found)
    like_others = UsualVoice(
        kinds={k: replace(baseline.Tally(), mean=mean) for k, mean in REFERENCE.items()}
    )
    assert relative(found, like_others, REFERENCE) == pytest.approx(found)


@given(probabilities)
def test_what_somebody_always_sounds_like_counts_less_and_calm_and_neutral_move_as_one(found):
    moved = relative(found, heard(SAD, SAD, SAD), REFERENCE)
    assert moved["sad"] <= found["sad"]
    assert math.isclose(moved["calm"] * found["neutral"], moved["neutral"] * found["calm"])


def test_how_far_it_moves_is_bounded_by_its_strength_and_by_the_least_probability():
    """A voice that is nothing but distress to the model must not hide all distress."""
    usual = heard(*[spread(*[1e-9 if e != "sad" else 1.0 for e in EMOTIONS])] * 100)
    moved = relative(SAD, usual, REFERENCE)
    odds = [p["sad"] / (1.0 - p["sad"]) for p in (SAD, moved)]
    furthest = baseline.STRENGTH * (2 * abs(math.log(LEAST_PROBABILITY)))
    assert math.exp(-furthest) < odds[1] / odds[0] < 1.0


@given(st.lists(probabilities, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_statistics_are_those_of_the_windows_in_any_order(windows, chance):
    logs = [[math.log(max(p, LEAST_PROBABILITY)) for p in shares(w).values()] for w in windows]
    shuffled = list(windows)
    chance.shuffle(shuffled)
    for order in (windows, shuffled):
        usual = heard(*order)
        assert usual.n_windows == len(windows)
        assert usual.speech_s == pytest.approx(0.5 * len(windows))
        tallies = list(usual.kinds.values())
        assert [t.mean for t in tallies] == pytest.approx(np.mean(logs, axis=0), abs=1e-9)
        assert [t.variance for t in tallies] == pytest.approx(np.var(logs, axis=0), abs=1e-9)
        assert sum(t.n_plain for t in tallies) == sum(t.n_relative for t in tallies) == len(windows)


def test_one_odd_window_weighs_little_and_a_voice_that_changes_is_followed():
    before = heard(*[CALM] * 200)
    after = with_window(before, spread(*[1e-9] * 3, 1.0, *[1e-9] * 4), REFERENCE, fresh_s=0.5)
    most = abs(math.log(LEAST_PROBABILITY)) / 200
    for kind, tally in after.kinds.items():
        assert abs(tally.mean - before.kinds[kind].mean) <= most
    old = replace(before, n_windows=MEMORY_WINDOWS)
    for _ in range(3 * MEMORY_WINDOWS):
        old = with_window(old, SAD, REFERENCE, fresh_s=0.5)
    assert old.kinds["sad"].mean == pytest.approx(math.log(SAD["sad"]), abs=0.2)


def test_what_is_kept_does_not_grow_and_is_thirty_numbers():
    few, many = heard(CALM), heard(*[CALM, SAD] * 500)
    numbers = [number for t in to_table(many)["kinds"].values() for number in t.values()] + [
        many.n_windows,
        many.speech_s,
    ]
    assert len(numbers) == 30
    assert to_table(few).keys() == to_table(many).keys()
    text = json.dumps(to_table(many))
    assert len(text) < 1200
    assert from_table(UsualVoice, json.loads(text), path="") == many


def test_it_moves_scores_once_enough_was_heard_and_keeps_what_the_model_said():
    normal = OwnNormal(unheard(REFERENCE), REFERENCE, gathers=True, applies=True)
    n_needed = math.ceil(LEAST_SPEECH_S / 0.5)
    for _ in range(n_needed):
        assert normal.take(scores(SAD), hop_length=HOP) == scores(SAD)
    moved = normal.take(scores(SAD), hop_length=HOP)
    assert moved.plain == SAD
    assert moved.probabilities == pytest.approx(relative(SAD, heard(*[SAD] * n_needed), REFERENCE))
    assert moved.probabilities["sad"] < SAD["sad"]


@pytest.mark.parametrize(
    ("gathers", "applies", "plain"),
    [
        (False, True, scores(None)),
        (True, True, scores(SAD, is_speech=False)),
        (True, False, scores(SAD)),
    ],
)
def test_it_lets_pass_what_is_no_voice_or_not_to_be_moved(gathers, applies, plain):
    known = heard(*[CALM] * 300)
    normal = OwnNormal(known, REFERENCE, gathers=gathers, applies=applies)
    assert normal.take(plain, hop_length=HOP) is plain
    is_heard = gathers and plain.is_speech and plain.probabilities is not None
    assert (normal.usual != known) == is_heard


def test_speech_that_windows_share_counts_once():
    manifest = bundled().manifest
    scorer = WindowScorer(classifier(), gate=DEFAULT_GATE, decision=manifest.decision)
    pipeline = EmotionPipeline(scorer, rules=())
    pipeline.normal = OwnNormal(unheard(REFERENCE), REFERENCE, gathers=True, applies=False)
    pipeline.push(block(sample()))
    heard_s = pipeline.normal.usual.speech_s
    assert 0.7 * scorer.speech_s < heard_s < 1.05 * scorer.speech_s


def test_decisions_are_relative_while_a_normal_is_there_and_plain_without():
    manifest = bundled().manifest

    def listen(normal: OwnNormal | None) -> list[Scores]:
        scorer = WindowScorer(classifier(), gate=DEFAULT_GATE, decision=manifest.decision)
        pipeline = EmotionPipeline(scorer, rules=())
        pipeline.normal = normal
        outcomes = pipeline.push(block(sample()))
        return [o for o in outcomes if isinstance(o, Scores) and o.is_speech]

    known = replace(heard(*[SAD] * 300))
    plain = listen(None)
    moved = listen(OwnNormal(known, REFERENCE, gathers=False, applies=True))
    assert [m.plain for m in moved] == [p.probabilities for p in plain]
    assert all(
        m.probabilities == pytest.approx(relative(p.probabilities, known, REFERENCE))
        for m, p in zip(moved, plain, strict=True)
    )


def test_calm_and_neutral_are_one_kind():
    assert {kind_of("calm"), kind_of("neutral")} == {"settled"}
    assert kind_of("sad") == "sad"
