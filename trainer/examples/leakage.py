"""A speaker or a recording on two sides of a split makes every figure a lie; both are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge.errors import EXIT_BAD_DATA, SerError
from trainer.corpora.base import Utterance

Parts = Mapping[str, Sequence[Utterance]]
"""The parts of a split by name, as ``Split.parts()`` gives them."""


class LeakageError(SerError, ValueError):
    """A speaker or a recording stands on two sides of a split."""

    exit_code = EXIT_BAD_DATA


def refuse_shared_speakers(parts: Parts) -> None:
    """Raise where a speaker stands on two sides.

    Raises
    ------
    LeakageError
    """
    owners: dict[str, str] = {}
    for part, utterances in parts.items():
        for speaker in sorted({u.speaker for u in utterances}):
            if speaker in owners:
                raise LeakageError(
                    f"speaker {speaker} stands in both {owners[speaker]} and {part}; "
                    "every speaker must stand in one part only"
                )
            owners[speaker] = part


def refuse_shared_recordings(parts: Parts, hashes: Mapping[Path, str]) -> None:
    """Raise where the same recording, by its content, stands on two sides.

    Parameters
    ----------
    parts : mapping of str to sequences of Utterance
    hashes : mapping of Path to str
        From `content_hash`, one for every recording.

    Raises
    ------
    LeakageError
    """
    owners: dict[str, tuple[str, Path]] = {}
    for part, utterances in parts.items():
        for utterance in utterances:
            first = owners.setdefault(hashes[utterance.path], (part, utterance.path))
            if first[0] != part:
                raise LeakageError(
                    f"{utterance.path} in {part} is the same recording as {first[1]} in "
                    f"{first[0]}; remove one of them"
                )


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
