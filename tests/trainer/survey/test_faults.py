"""What is called wrong, and from where on: tables, and what must hold for any survey."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.surveys import corpus, examined, survey
from trainer.corpora.base import Cause
from trainer.survey.checks import fault_of, peak_level
from trainer.survey.faults import findings
from trainer.survey.finding import SEVERITIES, Finding, n_of
from trainer.survey.scan import Examined, PassedOver

EMOTIONS = ("happy", "sad", "angry")


def kinds_of(*items: Examined) -> list[str]:
    """Return the kinds of what is wrong with recordings; balance is none of that."""
    found = findings(survey(corpus(*items)))
    return [f.kind.name for f in found if f.kind.name not in {"one_speaker", "rare", "lacking"}]


@pytest.mark.parametrize(
    ("measured", "kinds"),
    [
        ({}, []),
        ({"n_samples": 0, "peak": 0.0}, ["empty"]),
        ({"n_not_finite": 1}, ["not_finite"]),
        ({"peak": 0.0}, ["silent"]),
        ({"peak": 0.000316}, ["silent"]),
        ({"peak": 0.000317}, []),
        ({"peak": 0.0, "n_samples": 10, "offset": 0.5}, ["silent"]),
        ({"cut_off": True}, ["cut_off"]),
        ({"clipped_share": 0.001}, ["clipped"]),
        ({"clipped_share": 0.0009}, []),
        ({"offset": -0.01}, ["offset"]),
        ({"offset": 0.0099}, []),
        ({"n_samples": 6399}, ["short"]),
        ({"n_samples": 6400}, []),
        ({"n_samples": 480_000}, []),
        ({"n_samples": 480_001}, ["long"]),
        ({"cut_off": True, "offset": 0.1}, ["cut_off", "offset"]),
    ],
)
def test_recordings(measured: dict[str, object], kinds: list[str]) -> None:
    assert kinds_of(examined("a.wav", **measured)) == kinds


def test_reason_of_what_cannot_be_decoded_is_told() -> None:
    (found,) = [f for f in findings(survey(corpus(examined("a.wav", trouble="lost sync")))) if
                f.kind.severity == "fault"]  # fmt: skip
    assert found.kind.name == "corrupt"
    assert (found.entries[0].subject, found.entries[0].detail) == ("a.wav", "lost sync")


@pytest.mark.parametrize(
    ("amplitude", "words"),
    [
        (1.0, "peak 0.0 dBFS"),
        (0.5, "peak -6.0 dBFS"),
        (1e-4, "peak -80.0 dBFS"),
        (0.0, "digital silence"),
    ],
)
def test_levels_in_words(amplitude: float, words: str) -> None:
    assert peak_level(amplitude) == words


@pytest.mark.parametrize(
    ("first", "second", "kind", "detail"),
    [
        ({}, {}, "duplicate", ""),
        ({}, {"emotion": "angry"}, "contradiction", "angry and sad"),
        ({}, {"speaker": "home_ben"}, "leak", "home_anna and home_ben"),
        (
            {"speaker": "home_ben"},
            {"emotion": "angry"},
            "contradiction",
            "angry and sad; home_anna and home_ben",
        ),
    ],
)
def test_the_same_sound_twice(
    first: dict[str, str], second: dict[str, str], kind: str, detail: str
) -> None:
    items = examined("a.wav", content="x", **first), examined("b.flac", content="x", **second)
    (found,) = [f for f in findings(survey(corpus(*items))) if f.kind.name == kind]
    (entry,) = found.entries
    assert (entry.subject, entry.same_as, entry.detail) == ("a.wav", ("b.flac",), detail)


def test_the_same_sound_is_found_across_corpora() -> None:
    one, other = (
        corpus(examined(f"{name}/a.wav", content="x", speaker=name), name=name)
        for name in ("one", "other")
    )
    assert "leak" in {f.kind.name for f in findings(survey(one, other))}


def test_silent_recordings_are_no_duplicates() -> None:
    assert kinds_of(*(examined(f, peak=0.0, content="x") for f in ("a", "b"))) == ["silent"]


@pytest.mark.parametrize(("cause", "severity"), [("misnamed", "fault"), ("by design", "note")])
def test_what_readers_pass_over(cause: Cause, severity: str) -> None:
    reason = "its folder says sad, its name says angry"
    stranger = PassedOver(file="x.wav", cause=cause, reason=reason)
    found = findings(survey(corpus(examined("a.wav"), passed_over=(stranger,))))
    (finding,) = [f for f in found if f.entries[0].subject == "x.wav"]
    assert finding.kind.severity == severity
    assert reason in finding.kind.text + finding.entries[0].detail


def clips(counts: dict[str, dict[str, int]]) -> list[Examined]:
    return [
        examined(f"{speaker}{emotion}{number}", speaker=speaker, emotion=emotion)
        for speaker, row in counts.items()
        for emotion, n in row.items()
        for number in range(n)
    ]


def of_balance(counts: dict[str, dict[str, int]]) -> dict[str, dict[str, str]]:
    found = findings(survey(corpus(*clips(counts), emotions=EMOTIONS)))
    return {f.kind.name: {e.subject: e.detail for e in f.entries} for f in found}


def test_balanced_corpus_has_nothing_wrong() -> None:
    row = dict.fromkeys(EMOTIONS, 5)
    assert of_balance({"anna": row, "ben": row}) == {}


def test_half_an_even_share_is_not_yet_rare() -> None:
    both = {"happy": 5, "sad": 8, "angry": 2}
    assert of_balance({"anna": both, "ben": both}) == {
        "rare": {"angry": "4 clips, an even share is 10"}
    }
    both = {"happy": 4, "sad": 6, "angry": 2}
    assert of_balance({"anna": both, "ben": both}) == {}


def test_emotion_that_a_corpus_should_have_but_has_not_is_rare_and_nobodys_lack() -> None:
    row = {"happy": 3, "sad": 3}
    assert of_balance({"anna": row, "ben": row}) == {
        "rare": {"angry": "no clips, an even share is 4"}
    }


def test_speakers_who_lack_emotions_come_with_these_the_poorest_first() -> None:
    whole = dict.fromkeys(EMOTIONS, 4)
    counts = {"anna": whole, "ben": {"sad": 4, "angry": 4}, "carl": {"sad": 4}, "dora": whole}
    found = of_balance(counts)
    assert list(found["lacking"].items()) == [("carl", "no happy, no angry"), ("ben", "no happy")]


def test_emotion_of_one_speaker_is_named_with_the_speaker() -> None:
    found = of_balance({"anna": dict.fromkeys(EMOTIONS, 4), "ben": {"sad": 4, "happy": 4}})
    assert found["few_speakers"] == {"angry": "anna"}


def test_one_speaker_alone_is_one_warning() -> None:
    assert of_balance({"anna": dict.fromkeys(EMOTIONS, 4)}) == {"one_speaker": {"anna": ""}}


def test_folders_without_labels_are_a_note() -> None:
    (found,) = findings(survey(noises=3))
    assert (found.kind.severity, found.entries[0].subject) == ("note", "noises")


recordings = st.builds(
    lambda number, **fields: examined(f"{number}.wav", **fields),
    st.integers(0, 10**9),
    emotion=st.sampled_from(EMOTIONS),
    speaker=st.sampled_from(["anna", "ben", "carl"]),
    trouble=st.sampled_from(["", "", "", "lost sync"]),
    content=st.sampled_from("abcdefgh"),
    n_samples=st.sampled_from([0, 100, 32000, 10**6]),
    peak=st.sampled_from([0.0, 1e-5, 0.5, 1.0]),
    n_not_finite=st.sampled_from([0, 0, 7]),
    clipped_share=st.sampled_from([0.0, 0.5]),
    offset=st.sampled_from([0.0, 0.1]),
)
corpora = st.lists(recordings, max_size=12, unique_by=lambda item: item.file)
OF_SOUND = {"corrupt", "empty", "not_finite", "silent"}


def entries(found: tuple[Finding, ...], kinds: set[str]) -> Counter[str]:
    return Counter(e.subject for f in found if f.kind.name in kinds for e in f.entries)


@given(corpora)
def test_every_recording_that_cannot_be_trained_on_is_named_once(items: list[Examined]) -> None:
    found = findings(survey(corpus(*items, emotions=EMOTIONS)))
    assert entries(found, OF_SOUND) == Counter(i.file for i in items if fault_of(i))


@given(corpora)
def test_worst_comes_first(items: list[Examined]) -> None:
    found = findings(survey(corpus(*items, emotions=EMOTIONS)))
    ranks = [(SEVERITIES.index(f.kind.severity), -len(f.entries)) for f in found]
    assert ranks == sorted(ranks)
    assert sum(n_of(found, severity) for severity in SEVERITIES) == sum(-rank[1] for rank in ranks)


@given(corpora, st.randoms(use_true_random=False))
def test_order_of_recordings_changes_no_count(items: list[Examined], rng: random.Random) -> None:
    shuffled = rng.sample(items, len(items))
    counts = [
        Counter({(f.kind.name, f.kind.severity): len(f.entries) for f in findings(survey(c))})
        for c in (corpus(*items, emotions=EMOTIONS), corpus(*shuffled, emotions=EMOTIONS))
    ]
    assert counts[0] == counts[1]


@given(corpora)
def test_every_repeated_sound_is_named_once_with_all_its_copies(items: list[Examined]) -> None:
    found = findings(survey(corpus(*items, emotions=EMOTIONS)))
    groups = [
        (e.subject, *e.same_as)
        for f in found
        if f.kind.name in {"contradiction", "leak", "duplicate"}
        for e in f.entries
    ]
    usable = Counter(i.sound.content for i in items if i.sound and not fault_of(i))
    assert sorted(map(len, groups)) == sorted(n for n in usable.values() if n > 1)
    assert all(n == 1 for n in Counter(file for group in groups for file in group).values())
