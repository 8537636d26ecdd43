from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trainer.studio import consent, wording
from trainer.studio.consent import Consent, ConsentRefused, Request

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
REQUEST = Request(
    speaker="anna",
    recorder="otto",
    folder=Path("/data/family"),
    command="ser-trainer record --speaker anna --forget",
    language="en",
)


class Person:
    """Reads, and gives the answers of a script."""

    def __init__(self, *answers: str) -> None:
        self.read: list[str] = []
        self._answers = list(answers)

    def page(self, title: str) -> None:
        self.read.append(title)

    def say(self, text: str) -> None:
        self.read.append(text)

    def ask(self, question: str) -> str:
        self.read.append(question)
        if not self._answers:
            raise EOFError
        return self._answers.pop(0)


def _ask(person: Person, *, language: str = "en") -> Consent:
    words = wording.load(language).consent
    return consent.ask(person, words, replace(REQUEST, language=language), now=NOW)


def test_the_text_is_shown_before_the_question_and_written_down(tmp_path: Path) -> None:
    person = Person("yes", "")
    given = _ask(person)
    assert person.read[0] == "Consent to recording"
    shown = "\n\n".join(person.read[1:-2])
    for fact in ("anna", "otto", "/data/family", "--forget", "stop at any time"):
        assert fact in shown
    assert given == Consent(
        speaker="anna",
        agreed_by="anna",
        recorded_by="otto",
        agreed_at="2026-11-21T08:30:00+00:00",
        language="en",
        wording_version="1",
        text=shown,
    )
    consent.write(tmp_path, given)
    assert consent.read(tmp_path, "anna") == given
    assert consent.read(tmp_path, "otto") is None


def test_somebody_else_may_agree_for_the_speaker() -> None:
    assert _ask(Person(" YES ", "Maria, mother")).agreed_by == "Maria, mother"


@pytest.mark.parametrize("answer", ["no", "", "y", "yes please", "ja"])
def test_anything_but_the_word_is_a_refusal(answer: str) -> None:
    with pytest.raises(ConsentRefused, match="anna is not recorded") as caught:
        _ask(Person(answer, "anna"))
    assert caught.value.exit_code == 77


@pytest.mark.parametrize("answers", [(), ("yes",)])
def test_an_end_of_the_input_is_a_refusal(answers: tuple[str, ...]) -> None:
    with pytest.raises(ConsentRefused):
        _ask(Person(*answers))


def test_in_german_the_word_is_ja() -> None:
    assert _ask(Person("ja", ""), language="de").language == "de"


@pytest.mark.parametrize("content", ["", "[]", '{"speaker": "anna"}'])
def test_a_damaged_consent_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "consent").mkdir()
    (tmp_path / "consent" / "anna.json").write_text(content)
    assert consent.read(tmp_path, "anna") is None


def test_a_deleted_consent_leaves_nothing(tmp_path: Path) -> None:
    consent.write(tmp_path, _ask(Person("yes", "")))
    consent.delete(tmp_path, "anna")
    consent.delete(tmp_path, "anna")
    assert list(tmp_path.iterdir()) == []
