from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.trainer.studio import sounds
from trainer.studio import wording
from trainer.studio.listening import Take
from trainer.studio.microphone import Rehearsal
from trainer.studio.plan import Prompt
from trainer.studio.session import Outcome, Session, Work
from trainer.studio.wording import Choice

WORDS = wording.load("en")
CHECKED = (Choice.BEGIN, Choice.BEGIN, Choice.GO_ON)
PROMPTS = tuple(
    Prompt(emotion="sad", scene=f"scene {n}", sentence=f"sentence {n}", take=1) for n in range(3)
)


class Person:
    """Presses the keys of a script, each only where it is offered; and reads."""

    def __init__(self, *keys: Choice, presses_enter_after: int | None = None) -> None:
        self._keys = list(keys)
        self._presses_enter_after = presses_enter_after
        self.read: list[str] = []
        self.defaults: list[Choice] = []
        self.levels: list[float] = []

    def page(self, title: str) -> None:
        self.read.append(title)

    def say(self, text: str) -> None:
        self.read.append(text)

    def proclaim(self, text: str) -> None:
        self.read.append(text)

    def choose(self, *choices: Choice) -> Choice:
        self.defaults.append(choices[0])
        if not self._keys:
            raise EOFError
        key = self._keys.pop(0)
        assert key in choices
        return key

    def show_level(self, *, peak_dbfs: float, elapsed_s: float, note: str) -> None:
        self.levels.append(peak_dbfs)
        assert elapsed_s > 0
        assert note in {"", WORDS.lines.speaking}

    def has_pressed_enter(self) -> bool:
        if self._presses_enter_after is None:
            return False
        self._presses_enter_after -= 1
        return self._presses_enter_after < 0


class Studio:
    """A rehearsal with a recording, that keeps takes in memory."""

    def __init__(self, path: Path, *heard: np.ndarray) -> None:
        quiet = sounds.room(2.6)
        self._ear = Rehearsal(sounds.write(path / "mic.wav", quiet, *heard), sleep=float)
        self.kept: list[tuple[Prompt, Take]] = []

    def run(self, person: Person, *, prompts: tuple[Prompt, ...] = PROMPTS) -> Outcome:
        work = Work(
            speaker="anna",
            greeting="hello",
            prompts=prompts,
            n_total=len(prompts) + 4,
            keep=lambda prompt, take: self.kept.append((prompt, take)),
        )
        try:
            return Session(self._ear, person, WORDS, work).run()
        finally:
            self._ear.close()

    @property
    def sentences(self) -> list[str]:
        return [prompt.sentence for prompt, _ in self.kept]


@pytest.fixture
def sentence() -> np.ndarray:
    return sounds.said(sounds.sentence(), before_s=0.5, after_s=1.85)


def test_a_session_from_the_level_check_to_the_last_take(
    tmp_path: Path, sentence: np.ndarray
) -> None:
    studio = Studio(tmp_path, *[sentence] * 4)
    person = Person(*CHECKED, *[Choice.RECORD, Choice.KEEP] * 3)
    assert studio.run(person) == Outcome(n_kept=3, n_left=0)
    assert studio.sentences == ["sentence 0", "sentence 1", "sentence 2"]
    assert "background -62 dBFS" in person.read
    assert WORDS.advice["good"] in person.read
    assert "anna: 5 of 7" in person.read
    assert person.read[-5:-1] == ["anna: 7 of 7", "SAD", "scene 2", "“sentence 2”"]
    assert person.read[-1].endswith(" dB: good")
    assert max(person.levels) == pytest.approx(-12, abs=0.5)


def test_what_is_kept_is_the_sentence(tmp_path: Path, sentence: np.ndarray) -> None:
    studio = Studio(tmp_path, sentence, sentence)
    studio.run(Person(*CHECKED, Choice.RECORD, Choice.KEEP))
    take = studio.kept[0][1]
    assert take.sample_rate_hz == sounds.RATE_HZ
    assert len(sounds.sentence()) * 0.8 < len(take.samples) < len(sentence) * 0.8
    assert np.abs(take.samples).max() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ((Choice.RECORD, Choice.AGAIN, Choice.RECORD, Choice.KEEP), ["sentence 0"]),
        ((Choice.SKIP, Choice.RECORD, Choice.KEEP), ["sentence 1"]),
        ((Choice.BACK, Choice.RECORD, Choice.KEEP), ["sentence 0"]),
        (
            (Choice.RECORD, Choice.KEEP, Choice.BACK, Choice.RECORD, Choice.KEEP),
            ["sentence 0", "sentence 0"],
        ),
        ((Choice.RECORD, Choice.SKIP, Choice.RECORD, Choice.KEEP), ["sentence 1"]),
        ((Choice.RECORD, Choice.QUIT), []),
    ],
)
def test_the_person_decides(
    keys: tuple[Choice, ...], expected: list[str], tmp_path: Path, sentence: np.ndarray
) -> None:
    studio = Studio(tmp_path, *[sentence] * 4)
    outcome = studio.run(Person(*CHECKED, *keys))
    assert studio.sentences == expected
    assert outcome == Outcome(n_kept=len(set(expected)), n_left=3 - len(set(expected)))


def _clipped(sound: np.ndarray) -> np.ndarray:
    return np.clip(sound * 20, -1, 0.99999)


def _whispered(sound: np.ndarray) -> np.ndarray:
    return sounds.said(sounds.sentence() * np.float32(0.01), after_s=1.85)


def _nothing(sound: np.ndarray) -> np.ndarray:
    return sounds.room(9.0)


@pytest.mark.parametrize(
    ("spoil", "verdict"),
    [(_clipped, "clipped"), (_whispered, "quiet"), (_nothing, "empty")],
)
def test_a_bad_take_is_offered_again(
    spoil: object, verdict: str, tmp_path: Path, sentence: np.ndarray
) -> None:
    studio = Studio(tmp_path, sentence, spoil(sentence))
    person = Person(*CHECKED, Choice.RECORD, Choice.AGAIN)
    studio.run(person)
    assert person.defaults[-3:] == [Choice.RECORD, Choice.AGAIN, Choice.RECORD]
    assert any(text.endswith(f": {WORDS.verdicts[verdict]}") for text in person.read)
    assert studio.kept == []


def test_a_bad_place_is_checked_again_unless_the_person_insists(
    tmp_path: Path, sentence: np.ndarray
) -> None:
    loud = sounds.said(sounds.sentence() * np.float32(2.5), after_s=1.85)
    studio = Studio(tmp_path, loud, sounds.room(2.5), sentence)
    person = Person(Choice.BEGIN, Choice.BEGIN, Choice.AGAIN, *CHECKED)
    studio.run(person)
    assert person.defaults[2] is Choice.AGAIN
    assert WORDS.advice["loud"] in person.read
    assert person.defaults[5] is Choice.GO_ON


def test_enter_ends_a_take(tmp_path: Path, sentence: np.ndarray) -> None:
    studio = Studio(tmp_path, sentence, sentence)
    person = Person(*CHECKED, presses_enter_after=10)
    studio.run(person)
    assert any(text == WORDS.advice["empty"] for text in person.read), "0.2 s hold no sentence"


def test_a_break_is_offered_after_twenty_takes(tmp_path: Path, sentence: np.ndarray) -> None:
    prompts = PROMPTS * 8
    studio = Studio(tmp_path, sentence)
    person = Person(*CHECKED, *[Choice.SKIP] * 22)
    studio.run(person, prompts=prompts)
    rests = [
        i for i, text in enumerate(person.read) if text == WORDS.lines.rest.format(quit="quit")
    ]
    assert [person.read[i - 1] for i in rests] == ["anna: 25 of 28"]


def test_the_end_of_the_input_ends_the_session(tmp_path: Path) -> None:
    assert Studio(tmp_path).run(Person()) == Outcome(n_kept=0, n_left=3)
