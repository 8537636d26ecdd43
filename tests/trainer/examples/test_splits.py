"""Nobody is learnt from and judged by at once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.labels import EMOTIONS
from edge.errors import UsageError
from trainer import splits
from trainer.corpora.base import Utterance
from trainer.splits import LeakageError, Split


def utterance(number: int, *, speaker: str, corpus: str = "ravdess", emotion: str = "sad"):
    return Utterance(
        path=Path(f"{corpus}/{number}.wav"),
        corpus=corpus,
        emotion=emotion,
        speaker=speaker,
        sex="F",
        intensity="",
        text="",
        take="",
    )


corpora = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(EMOTIONS)), min_size=8, max_size=80
).map(
    lambda rows: [
        utterance(i, speaker=speaker, emotion=emotion) for i, (speaker, emotion) in enumerate(rows)
    ]
)


def speakers_by_part(split: Split) -> list[set[str]]:
    return [{u.speaker for u in part} for part in split.parts().values()]


def assert_is_whole_and_disjoint(split: Split, utterances: list[Utterance]) -> None:
    train, validation, test = speakers_by_part(split)
    assert len(train | validation | test) == len(train) + len(validation) + len(test)
    assert Counter(u for part in split.parts().values() for u in part) == Counter(utterances)


@given(corpora, st.integers(0, 2), st.integers(0, 2), st.integers(0, 99))
def test_seeded_split_is_speaker_disjoint(
    utterances: list[Utterance], n_validation: int, n_test: int, seed: int
) -> None:
    n_speakers = len({u.speaker for u in utterances})
    if n_validation + n_test >= n_speakers:
        with pytest.raises(UsageError, match="left to train on"):
            splits.by_seed(utterances, n_validation=n_validation, n_test=n_test, seed=seed)
        return
    split = splits.by_seed(utterances, n_validation=n_validation, n_test=n_test, seed=seed)
    assert_is_whole_and_disjoint(split, utterances)
    assert [len(s) for s in speakers_by_part(split)[1:]] == [n_validation, n_test]
    splits.refuse_shared_speakers(split)
    assert split == splits.by_seed(utterances, n_validation=n_validation, n_test=n_test, seed=seed)


@given(corpora, st.integers(2, 4), st.integers(0, 99))
def test_every_speaker_is_judged_once_in_folds(
    utterances: list[Utterance], n_folds: int, seed: int
) -> None:
    speakers = {u.speaker for u in utterances}
    if n_folds > len(speakers):
        with pytest.raises(UsageError, match="folds are asked for"):
            splits.folds(utterances, n_folds=n_folds, seed=seed)
        return
    found = splits.folds(utterances, n_folds=n_folds, seed=seed)
    for split in found:
        assert_is_whole_and_disjoint(split, utterances)
    judged = Counter(s for split in found for s in speakers_by_part(split)[2])
    assert judged == Counter(speakers)


@given(corpora, st.integers(0, 99))
def test_stratified_random_split_keeps_the_share_of_each_emotion(
    utterances: list[Utterance], seed: int
) -> None:
    split = splits.stratified_random(utterances, test_share=0.25, seed=seed)
    all_of, test_of = (Counter(u.emotion for u in us) for us in (utterances, split.test))
    assert test_of == Counter({e: n for e, c in all_of.items() if (n := round(0.25 * c))})


def test_stratified_random_split_is_recognised_as_leaking_speakers() -> None:
    utterances = [utterance(i, speaker="a") for i in range(8)]
    split = splits.stratified_random(utterances, test_share=0.25, seed=0)
    with pytest.raises(LeakageError, match="speaker a stands in both train and test"):
        splits.refuse_shared_speakers(split)


def test_speech_and_song_of_one_actor_stay_together() -> None:
    speech = utterance(1, speaker="ravdess_17")
    song = utterance(2, speaker="ravdess_17", corpus="ravdess-song")
    other = utterance(3, speaker="ravdess_01")
    split = splits.by_names([speech, song, other], validation=(), test=("ravdess_17",))
    assert split.test == (speech, song)
    assert split.speakers("test", corpus="ravdess-song") == ("ravdess_17",)


def test_unknown_speaker_is_named() -> None:
    with pytest.raises(UsageError, match="no speaker ravdess_99; they hold ravdess_01"):
        splits.by_names([utterance(1, speaker="ravdess_01")], validation=(), test=("ravdess_99",))


def test_speaker_named_twice_is_refused() -> None:
    with pytest.raises(LeakageError, match="both validation and test"):
        splits.by_names([utterance(1, speaker="a")], validation=("a",), test=("a",))


def test_same_recording_under_two_names_is_refused(tmp_path: Path) -> None:
    hashes = {}
    utterances = [utterance(1, speaker="a"), utterance(2, speaker="b")]
    for item, content in zip(utterances, (b"same", b"same"), strict=True):
        file = tmp_path / item.path.name
        file.write_bytes(content)
        hashes[item.path] = splits.content_hash(file)
    split = splits.by_names(utterances, validation=(), test=("b",))
    with pytest.raises(LeakageError, match=r"2\.wav in test is the same recording as .*1\.wav"):
        splits.refuse_shared_recordings(split, hashes)


def test_same_recording_twice_on_one_side_is_no_leak() -> None:
    utterances = [utterance(1, speaker="a"), utterance(2, speaker="a")]
    split = splits.by_names(utterances, validation=(), test=())
    splits.refuse_shared_recordings(split, dict.fromkeys((u.path for u in utterances), "same"))
    assert len(split.train) == 2
