"""What the room sounds like: speech that the bundled model calls angry, and a quiet room."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from tests.pi.tools import recordings, run

RATE_HZ: Final = 16000
EMOTION: Final = "angry"
_CLIPS: Final = "emodb/*W?.flac"
"""EmoDB's angry ("Wut") clips: acted in a quiet room."""
_LEAST: Final = 0.85
_PAUSE_S: Final = 0.3
_ROOM_DBFS: Final = -66.0
_EDGE: Final = (sys.executable, "-m", "edge")


class NoRecordingsError(RuntimeError):
    """There is nothing that sounds angry here."""


def make_sounds(folder: Path) -> None:
    """Write ``angry.wav`` and ``room.wav``: half a minute each, to be played again and again.

    Raises
    ------
    NoRecordingsError
        If the recordings are not here, or the bundled model calls them otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    speech = [part for clip in _angry_clips() for part in (clip, np.zeros(int(_PAUSE_S * RATE_HZ)))]
    if not speech:
        raise NoRecordingsError(f"no recording of {recordings() / _CLIPS}; set SER_DATA")
    whole = np.concatenate(speech)[: 30 * RATE_HZ]
    _write(folder / "angry.wav", whole + _room(rng, len(whole)))
    _write(folder / "room.wav", _room(rng, 30 * RATE_HZ))
    share = _share_of_emotion(folder / "angry.wav")
    if share < 0.5:
        raise NoRecordingsError(f"the pipeline here calls only {share:.0%} of the speech {EMOTION}")


def _angry_clips() -> list[np.ndarray]:
    files = [str(path) for path in sorted(recordings().glob(_CLIPS))]
    if not files:
        return []
    lines = run(*_EDGE, "analyze", "--json", *files).splitlines()
    told = [json.loads(line) for line in lines]
    sure = [clip["file"] for clip in told if clip["probabilities"].get(EMOTION, 0) >= _LEAST]
    return [soundfile.read(file, dtype="float64")[0] for file in sure]


def _room(rng: np.random.Generator, n_samples: int) -> np.ndarray:
    """Return noise that a real room has: exact silence would count as a broken microphone."""
    return rng.normal(0.0, 10 ** (_ROOM_DBFS / 20), n_samples)


def _write(path: Path, samples: np.ndarray) -> None:
    soundfile.write(path, np.clip(samples, -1, 1), RATE_HZ, subtype="PCM_16")


def _share_of_emotion(path: Path) -> float:
    """Return how much of the recording the whole pipeline calls so, on this machine."""
    log = path.with_suffix(".db")
    run(*_EDGE, "run", "--source", path, "--fast", "--log", log)
    rows = map(json.loads, run(*_EDGE, "log", "--json", "--db", log).splitlines())
    log.unlink()
    angry_s = sum(row["duration_s"] or 0.0 for row in rows if row["state"] == EMOTION)
    return angry_s / soundfile.info(path).duration
