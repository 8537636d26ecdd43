"""Every protocol gives folds that are what its name says."""

from __future__ import annotations

import pytest

from edge.contract.labels import EMOTIONS
from tests.fakes.utterances import utterance
from trainer.corpora.base import Utterance
from trainer.examples import leakage
from trainer.examples.leakage import LeakageError
from trainer.examples.protocols import MEANINGS, PROTOCOLS, ProtocolName, Shares, folds_of

SHARES = Shares(n_folds=3, validation=0.1, test=0.2)


def recordings() -> list[Utterance]:
    return [
        utterance(
            f"{corpus}/{speaker}/{emotion}-{text}.wav",
            corpus=corpus,
            emotion=emotion,
            speaker=f"{corpus}_{speaker}",
            text=f"{text}",
        )
        for corpus in ("one", "two")
        for speaker in range(6)
        for emotion in EMOTIONS
        for text in range(4)
    ]


@pytest.mark.parametrize(
    ("protocol", "n_folds"),
    [("random", 1), ("folds", 3), ("speakers", 12), ("corpora", 2), ("sentences", 3)],
)
def test_number_of_folds_and_their_names(protocol: ProtocolName, n_folds: int) -> None:
    found = folds_of(protocol, recordings(), shares=SHARES, seed=0)
    assert len(found) == n_folds == len({fold.name for fold in found})
    for fold in found:
        assert fold.split.test
        assert fold.split.train
        assert fold.split.validation


@pytest.mark.parametrize("protocol", ["folds", "speakers", "corpora"])
def test_nobody_is_on_two_sides(protocol: ProtocolName) -> None:
    for fold in folds_of(protocol, recordings(), shares=SHARES, seed=0):
        sides = [{u.speaker for u in part} for part in fold.split.parts().values()]
        assert sum(map(len, sides)) == len(set().union(*sides))


@pytest.mark.parametrize("protocol", ["random", "sentences"])
def test_a_protocol_that_shares_speakers_says_so(protocol: ProtocolName) -> None:
    fold = folds_of(protocol, recordings(), shares=SHARES, seed=0)[0]
    with pytest.raises(LeakageError):
        leakage.refuse_shared_speakers(fold.split.parts())
    assert "same speakers" in MEANINGS[protocol] or "were trained on" in MEANINGS[protocol]


def test_leave_one_speaker_out_is_named_by_the_speaker() -> None:
    found = folds_of("speakers", recordings(), shares=SHARES, seed=0)
    assert {fold.name for fold in found} == {fold.split.speakers("test")[0] for fold in found}
    assert all(len(fold.split.speakers("test")) == 1 for fold in found)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_seed_gives_the_same_folds_again(protocol: ProtocolName) -> None:
    first, second = (folds_of(protocol, recordings(), shares=SHARES, seed=3) for _ in range(2))
    assert first == second
