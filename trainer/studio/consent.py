"""Consent: shown, asked for, written down with its wording and date."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Protocol

from edge.errors import SerError
from trainer import run
from trainer.studio.wording import ConsentWords


class ConsentRefused(SerError, PermissionError):  # noqa: N818 - no fault of anybody
    """The speaker, or the person responsible, did not agree."""

    exit_code: ClassVar[int] = 77


class Asker(Protocol):
    """Who shows the text and takes the answers."""

    def page(self, title: str) -> None:
        """Begin a page."""

    def say(self, text: str) -> None:
        """Show a paragraph."""

    def ask(self, question: str) -> str:
        """Return a line that was typed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """What was agreed to, by whom and when."""

    speaker: str
    agreed_by: str
    recorded_by: str
    agreed_at: str
    """Date and time with the offset from UTC, ISO 8601."""
    language: str
    wording_version: str
    text: str
    """As it was shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What the text is filled in with."""

    speaker: str
    recorder: str
    folder: Path
    command: str
    """What deletes everything."""
    language: str


def path(folder: Path, speaker: str) -> Path:
    """Return where the consent of a speaker lies."""
    return folder / "consent" / f"{speaker}.json"


def read(folder: Path, speaker: str) -> Consent | None:
    """Return the consent of a speaker; None where there is none that can be read."""
    try:
        return Consent(**json.loads(path(folder, speaker).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write(folder: Path, consent: Consent) -> None:
    """Write it down."""
    place = path(folder, consent.speaker)
    place.parent.mkdir(parents=True, exist_ok=True)
    run.write_json(place, asdict(consent))


def delete(folder: Path, speaker: str) -> None:
    """Delete the consent of a speaker, and the folder of consents if it was the last."""
    place = path(folder, speaker)
    place.unlink(missing_ok=True)
    if place.parent.is_dir() and not any(place.parent.iterdir()):
        place.parent.rmdir()


def ask(screen: Asker, words: ConsentWords, request: Request, *, now: datetime) -> Consent:
    """Show the text and ask.

    Parameters
    ----------
    screen : Asker
    words : ConsentWords
    request : Request
    now : datetime
        With a time zone.

    Raises
    ------
    ConsentRefused
        If the answer is not the one word that counts, or there is none.
    """
    text = words.text.strip().format(
        speaker=request.speaker,
        recorder=request.recorder,
        folder=request.folder,
        command=request.command,
    )
    screen.page(words.title)
    for paragraph in text.split("\n\n"):
        screen.say(paragraph)
    return Consent(
        speaker=request.speaker,
        agreed_by=_agreed_by(screen, words, request.speaker),
        recorded_by=request.recorder,
        agreed_at=now.isoformat(timespec="seconds"),
        language=request.language,
        wording_version=words.version,
        text=text,
    )


def is_yes(answer: str, words: ConsentWords) -> bool:
    """Return whether an answer is the one word that counts."""
    return answer.strip().casefold() == words.yes


def _agreed_by(screen: Asker, words: ConsentWords, speaker: str) -> str:
    try:
        if is_yes(screen.ask(words.question), words):
            return screen.ask(words.by.format(speaker=speaker)).strip() or speaker
    except EOFError:
        pass
    raise ConsentRefused(
        f"{speaker} is not recorded, because consent was not given; nothing was written"
    )
