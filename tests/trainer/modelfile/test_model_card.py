"""What a card says of the voices that a model knows; its figures are tested with the export."""

from __future__ import annotations

import pytest

from edge.contract.labels import EMOTIONS, NON_VOICE, SEXES
from tests.fakes.specs import manifest
from tests.fakes.utterances import utterance
from trainer.corpora import CORPORA
from trainer.corpora.base import Utterance
from trainer.examples.splits import Split
from trainer.modelfile import model_card
from trainer.modelfile.model_card import CardFacts, render
from trainer.recipe.learning import RecordedNonVoice


def spoken(speaker: str, *, sex: str, age_years: int | None) -> Utterance:
    return utterance(f"{speaker}.wav", speaker=speaker, sex=sex, age_years=age_years)


def card_of(
    *people: Utterance,
    labels: tuple[str, ...] = EMOTIONS,
    names: tuple[str, ...] = ("emodb",),
    noises: tuple[RecordedNonVoice, ...] = (),
) -> str:
    facts = CardFacts(
        summary="A model.",
        precision="float32",
        corpora=tuple(CORPORA[name] for name in names),
        noises=noises,
        split=Split(train=people, validation=(), test=()),
        figures={"protocol": "", "float32": {}, "non_voice": {"float32": {}}},
    )
    return " ".join(render(manifest(labels=labels), facts).split())


def test_every_public_corpus_has_a_language() -> None:
    assert model_card._SPEECH.keys() == CORPORA.keys()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("emodb",), "It heard German, acted (emodb)."),
        (("nemo", "urdu"), "It heard Polish, acted (nemo); Urdu, from talk shows (urdu)."),
        (
            ("ravdess", "crema-d", "ravdess-song"),
            "acted (ravdess, crema-d); North American English, sung by actors (ravdess-song).",
        ),
    ],
)
def test_languages_are_those_of_the_corpora(names: tuple[str, ...], told: str) -> None:
    assert told in card_of(spoken("a", sex="F", age_years=None), names=names)


@pytest.mark.parametrize(
    ("people", "told"),
    [
        ([("a", "F", None), ("b", "", None)], "1 female, 1 of unknown sex; their ages are not"),
        (
            [("a", "F", 26), ("b", "F", 64)],
            "2 female; 26 to 64 years old where that is known (2 of 2), 1",
        ),
        (
            [("a", "M", 31), ("b", "F", None)],
            "1 female, 1 male; 31 years old where that is known (1 of 2), none of",
        ),
    ],
)
def test_sexes_and_ages_are_those_of_the_speakers(
    people: list[tuple[str, str, int | None]], told: str
) -> None:
    voices = [spoken(name, sex=sex, age_years=age_years) for name, sex, age_years in people]
    assert told in card_of(*voices, *voices)


@pytest.mark.parametrize(
    ("labels", "present", "absent"),
    [
        ((*EMOTIONS, NON_VOICE), "not what a person feels", "no output for sounds"),
        (EMOTIONS[1:], "Tells the emotion, but never calm", "gender"),
        (SEXES, "anybody's gender", "medical device"),
    ],
)
def test_limits_are_those_of_what_it_tells(
    labels: tuple[str, ...], present: str, absent: str
) -> None:
    card = card_of(spoken("a", sex="F", age_years=None), labels=labels)
    assert present in card
    assert absent not in card
    assert ("no output for sounds without a voice" in card) == (NON_VOICE not in labels)


@pytest.mark.parametrize(("licence", "binds"), [("CC BY 3.0", False), ("CC BY-NC 3.0", True)])
def test_licences_of_noises_are_told_and_bind(licence: str, *, binds: bool) -> None:
    noise = RecordedNonVoice(
        kind="household sounds", folder="esc10", licence=licence, leave_out=(), test=()
    )
    card = card_of(spoken("a", sex="F", age_years=None), noises=(noise,))
    assert f"**esc10**, recordings without a voice (household sounds). Licence: {licence}" in card
    assert ("that binds the weights" in card) == binds


@pytest.mark.parametrize(
    ("n_without_label", "last"), [(0, "| sad | 0 | 7 |"), (1, "| sad | 0 | 7 | 1 |")]
)
def test_what_is_taken_for_what_is_a_table_of_each_corpus(n_without_label: int, last: str) -> None:
    found = {
        "labels": ["calm", "sad"],
        "confusion": [[5, 2, 0], [0, 7, n_without_label]],
        "n_without_label": n_without_label,
    }
    card = model_card.confusions({"emodb": found, "own": found})
    assert card.startswith("## What is taken for what")
    assert card.splitlines().count(last) == 2
    assert "| emodb | calm | sad |" in card


def test_what_was_never_spoken_has_no_row() -> None:
    found = {"labels": ["calm", "sad"], "confusion": [[5, 2, 0], [0, 0, 0]], "n_without_label": 0}
    assert "| sad |" not in model_card.confusions({"emodb": found}).split("|---|---|---|")[1]


def test_without_test_speakers_nothing_is_said_to_be_taken() -> None:
    assert model_card.confusions({}) == ""
