"""Nobody is learnt from and judged by at once."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.labels import EMOTIONS
from edge.errors import UsageError
from tests.fakes.utterances import utterance
from trainer.corpora.base import Utterance
from trainer.examples import leakage, splits
from trainer.examples.leakage import LeakageError
from trainer.examples.splits import Split


def said(number: int, *, corpus: str = "ravdess", **changes: str) -> Utterance:
    return utterance(f"{corpus}/{number}.wav", corpus=corpus, **changes)


corpora = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(EMOTIONS)), min_size=8, max_size=80
).map(
    lambda rows: [
        said(i, speaker=speaker, emotion=emotion) for i, (speaker, emotion) in enumerate(rows)
    ]
)


def speakers_by_part(split: Split) -> list[set[str]]:
    return [{u.speaker for u in part} for part in split.parts().values()]


def assert_is_whole(split: Split, utterances: list[Utterance]) -> None:
    assert Counter(u for part in split.parts().values() for u in part) == Counter(utterances)


def assert_is_whole_and_disjoint(split: Split, utterances: list[Utterance]) -> None:
    train, validation, test = speakers_by_part(split)
    assert len(train | validation | test) == len(train) + len(validation) + len(test)
    assert_is_whole(split, utterances)


shares = st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0])


@given(corpora, shares, shares, st.integers(0, 99))
def test_drawn_split_is_speaker_disjoint_and_leaves_somebody_to_train_on(
    utterances: list[Utterance], validation: float, test: float, seed: int
) -> None:
    n_speakers = len({u.speaker for u in utterances})

    def split() -> Split:
        return splits.by_shares(utterances, validation_share=validation, test_share=test, seed=seed)

    if n_speakers < 3 and test:
        with pytest.raises(UsageError, match="three speakers"):
            split()
        return
    found = split()
    assert_is_whole_and_disjoint(found, utterances)
    leakage.refuse_shared_speakers(found.parts())
    assert found.train
    assert bool(found.test) == bool(test and n_speakers >= 3)
    assert found == split()


@given(corpora, st.integers(2, 4), st.integers(0, 99))
def test_every_speaker_is_judged_once_in_folds(
    utterances: list[Utterance], n_folds: int, seed: int
) -> None:
    speakers = {u.speaker for u in utterances}
    if n_folds > len(speakers):
        with pytest.raises(UsageError, match="folds are asked for"):
            splits.folds(utterances, n_folds=n_folds, validation_share=0.2, seed=seed)
        return
    found = splits.folds(utterances, n_folds=n_folds, validation_share=0.2, seed=seed)
    for split in found:
        assert_is_whole_and_disjoint(split, utterances)
    judged = Counter(s for split in found for s in speakers_by_part(split)[2])
    assert judged == Counter(speakers)


@given(corpora, st.integers(0, 99))
def test_stratified_random_split_keeps_the_share_of_each_emotion(
    utterances: list[Utterance], seed: int
) -> None:
    split = splits.stratified_random(utterances, validation_share=0.1, test_share=0.25, seed=seed)
    all_of, test_of = (Counter(u.emotion for u in us) for us in (utterances, split.test))
    assert test_of == Counter({e: n for e, c in all_of.items() if (n := round(0.25 * c))})


def test_stratified_random_split_is_recognised_as_leaking_speakers() -> None:
    utterances = [said(i, speaker="a") for i in range(8)]
    split = splits.stratified_random(utterances, validation_share=0, test_share=0.25, seed=0)
    with pytest.raises(LeakageError, match="speaker a stands in both train and test"):
        leakage.refuse_shared_speakers(split.parts())


def test_speech_and_song_of_one_actor_stay_together() -> None:
    speech = said(1, speaker="ravdess_17")
    song = said(2, speaker="ravdess_17", corpus="ravdess-song")
    other = said(3, speaker="ravdess_01")
    split = splits.by_names([speech, song, other], validation=(), test=("ravdess_17",))
    assert split.test == (speech, song)
    assert split.speakers("test", corpus="ravdess-song") == ("ravdess_17",)


def test_unknown_speaker_is_named() -> None:
    with pytest.raises(UsageError, match="no speaker ravdess_99; they hold ravdess_01"):
        splits.by_names([said(1, speaker="ravdess_01")], validation=(), test=("ravdess_99",))


def test_speaker_named_twice_is_refused() -> None:
    with pytest.raises(LeakageError, match="both validation and test"):
        splits.by_names([said(1, speaker="a")], validation=("a",), test=("a",))


def two_corpora() -> list[Utterance]:
    spoken = [said(i, speaker=f"ravdess_{i % 4}", text=f"s{i % 2}") for i in range(16)]
    sung = [
        said(i, speaker=f"ravdess_{i % 4}", corpus="ravdess-song", text=f"s{i % 2}")
        for i in range(16, 24)
    ]
    german = [
        said(i, speaker=f"emodb_{i % 3}", corpus="emodb", text=f"g{i % 3}") for i in range(24, 36)
    ]
    return spoken + sung + german


def test_folds_spread_the_speakers_of_every_corpus() -> None:
    found = splits.folds(two_corpora(), n_folds=3, validation_share=0.1, seed=1)
    assert all(split.speakers("test", corpus="emodb") for split in found)
    assert all(split.speakers("test", corpus="ravdess") for split in found)
    assert all(len(split.speakers("validation")) == 2 for split in found)


def test_corpora_of_the_same_actors_are_left_out_together() -> None:
    found = splits.corpus_folds(two_corpora(), validation_share=0.1, seed=1)
    assert set(found) == {"emodb", "ravdess+ravdess-song"}
    assert {u.corpus for u in found["emodb"].test} == {"emodb"}
    assert {u.corpus for u in found["emodb"].train} == {"ravdess", "ravdess-song"}
    for split in found.values():
        leakage.refuse_shared_speakers(split.parts())


def test_one_corpus_cannot_be_left_out() -> None:
    with pytest.raises(UsageError, match="only one corpus"):
        splits.corpus_folds([said(1, speaker="a")], validation_share=0.1, seed=1)


def test_sentences_are_judged_by_who_never_heard_them() -> None:
    utterances = two_corpora()
    found = splits.sentence_folds(utterances, n_folds=5, validation_share=0.1, seed=1)
    for split in found:
        assert_is_whole(split, utterances)
        heard = {(u.corpus, u.text) for u in split.train + split.validation}
        assert not heard & {(u.corpus, u.text) for u in split.test}
    judged = Counter(u for split in found for u in split.test)
    assert judged == Counter(utterances)


def test_one_sentence_makes_no_folds() -> None:
    with pytest.raises(UsageError, match="1 sentence"):
        splits.sentence_folds([said(1, speaker="a")], n_folds=2, validation_share=0, seed=1)
