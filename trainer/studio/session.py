"""One session at the microphone: the level check, then take after take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.stream.blocks import AudioBlock
from trainer.studio.listening import Take, TakeListener
from trainer.studio.plan import Prompt
from trainer.studio.verdict import (
    Verdict,
    background_dbfs,
    judge,
    judge_place,
    peak_dbfs,
    snr_db,
)
from trainer.studio.wording import Choice, Wording

BACKGROUND_S: Final = 2.0
_KEY_CLICK_S: Final = 0.5
"""The key that was pressed is no background."""
_METER_S: Final = 0.1
_TAKES_BETWEEN_BREAKS: Final = 20
_MOVES: Final = {Choice.BACK: -1, Choice.AGAIN: 0, Choice.SKIP: 1}


class Ear(Protocol):
    """Where sound comes from."""

    name: str
    sample_rate_hz: int

    def read(self) -> AudioBlock:
        """Return the next block."""

    def flush(self) -> None:
        """Throw away what came while nobody listened."""

    def close(self) -> None:
        """Release it."""


class Screen(Protocol):
    """What the person sees and presses."""

    def page(self, title: str) -> None:
        """Begin a page."""

    def say(self, text: str) -> None:
        """Show a paragraph."""

    def proclaim(self, text: str) -> None:
        """Show what must be seen first."""

    def choose(self, *choices: Choice) -> Choice:
        """Return what the person decides; ENTER is the first one."""

    def show_level(self, *, peak_dbfs: float, elapsed_s: float, note: str) -> None:
        """Draw the meter anew."""

    def has_pressed_enter(self) -> bool:
        """Return whether ENTER was pressed since the last question."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What a session has to do."""

    speaker: str
    """As shown."""
    greeting: str
    """Said on the first page."""
    prompts: Sequence[Prompt]
    """What is still to be recorded."""
    n_total: int
    """Takes that were planned, with those of earlier sessions."""
    keep: Callable[[Prompt, Take], object]
    """Stores a take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a session came to."""

    n_kept: int
    n_left: int


class _Left(Exception):  # noqa: N818 - no error: the person wants to stop
    """The person has decided to stop."""


class Session:
    """Asks for takes, judges them and hands over those that are kept.

    Parameters
    ----------
    ear, screen : Ear, Screen
        Sound, and the person.
    words : Wording
        The person's language.
    work : Work
        What is to be done.
    """

    def __init__(self, ear: Ear, screen: Screen, words: Wording, work: Work) -> None:
        self._ear = ear
        self._screen = screen
        self._words = words
        self._work = work
        self._kept: set[int] = set()

    def run(self) -> Outcome:
        """Check the level and record until all is done or the person stops.

        Raises
        ------
        AudioDeviceError
            If the microphone fails. What was kept is stored.
        """
        try:
            noise_dbfs = self._check_level()
            position = 0
            while position < len(self._work.prompts):
                position = max(0, position + self._ask_for(position, noise_dbfs=noise_dbfs))
        except (_Left, EOFError):
            pass
        return Outcome(n_kept=len(self._kept), n_left=len(self._work.prompts) - len(self._kept))

    def _check_level(self) -> float:
        while True:
            self._screen.page(self._words.lines.level_check)
            self._screen.say(self._work.greeting)
            self._screen.say(self._words.lines.microphone.format(name=self._ear.name))
            noise_dbfs = self._measure_background()
            take = self._measure_voice()
            verdict = judge_place(take, noise_dbfs=noise_dbfs)
            self._screen.say(self._describe(self._words.lines.measured, take, noise_dbfs))
            self._screen.proclaim(self._words.advice[verdict])
            if self._decide(*_after_check(verdict)) is Choice.GO_ON:
                return noise_dbfs

    def _measure_background(self) -> float:
        self._screen.say(self._words.lines.keep_quiet)
        self._decide(Choice.BEGIN, Choice.QUIT)
        self._ear.flush()
        self._hear(_KEY_CLICK_S)
        noise_dbfs = background_dbfs(self._hear(BACKGROUND_S))
        self._screen.say(self._words.lines.background.format(noise_dbfs=noise_dbfs))
        return noise_dbfs

    def _measure_voice(self) -> Take:
        self._screen.say(self._words.lines.say_this)
        self._screen.proclaim(self._words.sentences[0])
        self._decide(Choice.BEGIN, Choice.QUIT)
        return self._listen()

    def _ask_for(self, position: int, *, noise_dbfs: float) -> int:
        self._show(position)
        choice = self._decide(Choice.RECORD, Choice.SKIP, Choice.BACK, Choice.QUIT)
        if choice is not Choice.RECORD:
            return _MOVES[choice]
        take = self._listen()
        verdict = judge(take, noise_dbfs=noise_dbfs)
        result = self._describe(self._words.lines.result, take, noise_dbfs, verdict=verdict)
        self._screen.say(result)
        choice = self._decide(*_after_take(verdict))
        if choice is not Choice.KEEP:
            return _MOVES[choice]
        self._work.keep(self._work.prompts[position], take)
        self._kept.add(position)
        return 1

    def _show(self, position: int) -> None:
        prompt, work, lines = self._work.prompts[position], self._work, self._words.lines
        number = work.n_total - len(work.prompts) + position + 1
        title = lines.progress.format(speaker=work.speaker, number=number, total=work.n_total)
        self._screen.page(title)
        if position and position % _TAKES_BETWEEN_BREAKS == 0:
            self._screen.say(lines.rest.format(quit=self._words.choices[Choice.QUIT]))
        self._screen.proclaim(self._words.emotions[prompt.emotion].upper())
        self._screen.say(prompt.scene)
        self._screen.proclaim(lines.quoted.format(sentence=prompt.sentence))

    def _listen(self) -> Take:
        self._ear.flush()
        listener = TakeListener(self._ear.sample_rate_hz)
        meter = _Meter(self._screen, note=self._words.lines.speaking)
        while not (listener.is_over or self._screen.has_pressed_enter()):
            block = self._ear.read()
            listener.push(block)
            meter.push(block)
        return listener.take()

    def _hear(self, duration_s: float) -> NDArray[np.float32]:
        meter = _Meter(self._screen, note="")
        blocks: list[NDArray[np.float32]] = []
        while sum(map(len, blocks)) < duration_s * self._ear.sample_rate_hz:
            block = self._ear.read()
            blocks.append(block.samples)
            meter.push(block)
        return np.concatenate(blocks)

    def _decide(self, *choices: Choice) -> Choice:
        choice = self._screen.choose(*choices)
        if choice is Choice.QUIT:
            raise _Left
        return choice

    def _describe(
        self, line: str, take: Take, noise_dbfs: float, *, verdict: Verdict = Verdict.GOOD
    ) -> str:
        return line.format(
            duration_s=take.duration_s,
            peak_dbfs=peak_dbfs(take.samples),
            speech_dbfs=take.speech_dbfs,
            snr_db=snr_db(take.speech_dbfs, noise_dbfs=noise_dbfs),
            verdict=self._words.verdicts[verdict],
        )


class _Meter:
    """Gathers sound and draws the level ten times a second."""

    def __init__(self, screen: Screen, *, note: str) -> None:
        self._screen = screen
        self._note = note
        self._blocks: list[NDArray[np.float32]] = []
        self._elapsed_s = 0.0

    def push(self, block: AudioBlock) -> None:
        self._blocks.append(block.samples)
        samples = np.concatenate(self._blocks)
        if len(samples) < _METER_S * block.sample_rate_hz:
            return
        self._elapsed_s += len(samples) / block.sample_rate_hz
        self._blocks = []
        self._screen.show_level(
            peak_dbfs=peak_dbfs(samples), elapsed_s=self._elapsed_s, note=self._note
        )


def _after_check(verdict: Verdict) -> tuple[Choice, ...]:
    if verdict is Verdict.GOOD:
        return Choice.GO_ON, Choice.AGAIN, Choice.QUIT
    return Choice.AGAIN, Choice.GO_ON, Choice.QUIT


def _after_take(verdict: Verdict) -> tuple[Choice, ...]:
    if verdict is Verdict.GOOD:
        return Choice.KEEP, Choice.AGAIN, Choice.SKIP, Choice.BACK, Choice.QUIT
    return Choice.AGAIN, Choice.KEEP, Choice.SKIP, Choice.BACK, Choice.QUIT
