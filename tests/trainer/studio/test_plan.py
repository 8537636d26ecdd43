from __future__ import annotations

from collections import Counter
from itertools import groupby

import hypothesis.strategies as st
from hypothesis import given

from edge.contract.labels import EMOTIONS
from trainer.studio.plan import SENTENCES_IN_A_ROW, Prompt, plan

SENTENCES = [f"sentence {number}" for number in range(12)]


def _plan(
    emotions: list[str], sentences: list[str], *, n_takes: int = 1, seed: str = "0"
) -> list[Prompt]:
    scenes = {emotion: (f"{emotion} A", f"{emotion} B") for emotion in emotions}
    return plan(scenes, sentences, n_takes=n_takes, seed=seed)


@given(
    st.lists(st.sampled_from(EMOTIONS), min_size=1, unique=True),
    st.lists(st.sampled_from(SENTENCES), min_size=1, unique=True),
    st.integers(1, 3),
    st.text(),
)
def test_every_sentence_comes_in_every_emotion_as_often_as_there_are_takes(
    emotions: list[str], sentences: list[str], n_takes: int, seed: str
) -> None:
    prompts = _plan(emotions, sentences, n_takes=n_takes, seed=seed)
    asked = [(p.emotion, p.sentence, p.take) for p in prompts]
    takes = range(1, n_takes + 1)
    assert sorted(asked) == sorted((e, s, t) for e in emotions for s in sentences for t in takes)
    assert all(p.scene.startswith(p.emotion) for p in prompts)


@given(st.integers(0, 200), st.text())
def test_a_session_that_is_broken_off_has_all_emotions_about_equally_often(
    n_done: int, seed: str
) -> None:
    prompts = _plan(list(EMOTIONS), SENTENCES, n_takes=2, seed=seed)[:n_done]
    counts = Counter(dict.fromkeys(EMOTIONS, 0)) + Counter(p.emotion for p in prompts)
    by_emotion = [counts[emotion] for emotion in EMOTIONS]
    assert max(by_emotion) - min(by_emotion) <= SENTENCES_IN_A_ROW


def test_an_emotion_stays_for_some_sentences_and_then_its_scene_changes() -> None:
    prompts = _plan(["sad", "angry"], SENTENCES[:10])
    stretches = [(key, len(list(group))) for key, group in groupby(prompts, lambda p: p.scene)]
    assert {length for _, length in stretches} == {5}
    assert {scene for scene, _ in stretches} == {"sad A", "sad B", "angry A", "angry B"}


def test_the_seed_draws_the_order() -> None:
    assert _plan(["sad"], SENTENCES, seed="1") == _plan(["sad"], SENTENCES, seed="1")
    assert _plan(["sad"], SENTENCES, seed="1") != _plan(["sad"], SENTENCES, seed="2")
