"""A speaker or a recording on two sides of a split makes every figure a lie; both are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from edge.errors import EXIT_BAD_DATA, AudioDataError, SerError
from trainer.corpora.base import Utterance
from trainer.sound import audio

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


def refuse_shared_recordings(parts: Parts) -> None:
    """Raise where the same recording, by its `sound_hash`, stands on two sides.

    Raises
    ------
    LeakageError
    """
    owners: dict[str, tuple[str, Path]] = {}
    for part, utterances in parts.items():
        for utterance in utterances:
            first = owners.setdefault(sound_hash(utterance.path), (part, utterance.path))
            if first[0] != part:
                raise LeakageError(
                    f"{utterance.path} in {part} is the same recording as {first[1]} in "
                    f"{first[0]}; remove one of them"
                )


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sound_hash(path: Path) -> str:
    """Return the SHA-256 of a recording's samples, whatever kind of file holds them.

    What cannot be decoded, and what is silent, is told apart by its bytes: nothing can be learnt of
    it, and all silence of one length is the same.
    """
    state = path.stat()
    return _sound_hash(path, n_bytes=state.st_size, changed_ns=state.st_mtime_ns)


@cache
def _sound_hash(path: Path, *, n_bytes: int, changed_ns: int) -> str:
    # Kept, because a search asks again in every trial; no longer than the file stays as it is.
    del n_bytes, changed_ns
    try:
        samples, _ = audio.read(path)
        audio.refuse_silence(samples, path)
    except AudioDataError:
        return content_hash(path)
    return audio.content_of(samples)
