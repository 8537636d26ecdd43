"""What the tests of the survey look at: examined recordings, corpora, recordings with faults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.fakes.utterances import utterance
from trainer.survey.measure import Sound
from trainer.survey.scan import CorpusScan, Examined, PassedOver, Survey

RATE_HZ = 8000


def sound(**changes: Any) -> Sound:
    """Return what is measured of two healthy seconds; `changes` replace fields."""
    made = Sound(
        sample_rate_hz=16000,
        n_channels=1,
        n_samples=32000,
        n_not_finite=0,
        peak=0.5,
        offset=0.0,
        clipped_share=0.0,
        cut_off=False,
        content="",
    )
    return replace(made, **changes)


def examined(
    file: str,
    *,
    emotion: str = "sad",
    speaker: str = "home_anna",
    trouble: str = "",
    **of_sound: Any,
) -> Examined:
    """Return a healthy recording with a sound of its own; with a trouble it has no sound."""
    return Examined(
        file=file,
        utterance=utterance(file, corpus="home", emotion=emotion, speaker=speaker),
        sound=None if trouble else sound(**{"content": file, **of_sound}),
        trouble=trouble,
    )


def corpus(
    *items: Examined,
    name: str = "home",
    emotions: tuple[str, ...] = ("sad",),
    passed_over: tuple[PassedOver, ...] = (),
) -> CorpusScan:
    """Return a corpus of these recordings."""
    return CorpusScan(
        name=name, title=name.title(), emotions=emotions, examined=items, passed_over=passed_over
    )


def survey(*corpora: CorpusScan, **unlabelled: int) -> Survey:
    """Return a survey of these corpora."""
    return Survey(data=Path("data"), corpora=corpora, unlabelled=unlabelled)


def noise(seed: int, *, length_s: float = 1.0, level: float = 0.1) -> np.ndarray:
    """Return noise that 16 bit hold exactly, float32 at `RATE_HZ`; another seed, another sound."""
    rng = np.random.default_rng(seed)
    samples = level * rng.standard_normal(round(length_s * RATE_HZ))
    return np.clip(np.rint(samples * 2**15), -32768, 32767).astype(np.float32) / 2**15


def tone() -> np.ndarray:
    """Return one second of 200 Hz with an amplitude of 0.5, float32 at `RATE_HZ`."""
    return (0.5 * np.sin(2 * np.pi * 200 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)


def write(path: Path, samples: np.ndarray, *, subtype: str | None = None) -> Path:
    """Write samples as a recording, its folder too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE_HZ, subtype=subtype)
    return path


def write_healthy_corpus(folder: Path) -> None:
    """Write own recordings of two speakers and three emotions, two of each, nothing wrong."""
    places = [
        f"{emotion}/{speaker}/{number}.wav"
        for emotion in ("happy", "sad", "angry")
        for speaker in ("anna", "ben")
        for number in (1, 2)
    ]
    for seed, place in enumerate(places):
        write(folder / place, noise(seed))


def write_faulty_corpus(folder: Path) -> dict[str, list[str]]:
    """Write a healthy corpus with one of each fault; return each fault's files, by its kind."""
    write_healthy_corpus(folder)
    _write_unreadable(folder / "sad" / "anna")
    _write_unsound(folder / "sad" / "anna")
    _write_copies(folder)
    write(folder / "holiday.wav", noise(90))
    return {
        "corrupt": ["sad/anna/cut.flac", "sad/anna/none.wav", "sad/anna/pointer.wav"],
        "empty": ["sad/anna/empty.wav"],
        "not_finite": ["sad/anna/nan.wav"],
        "silent": ["sad/anna/silent.wav"],
        "misnamed": ["holiday.wav"],
        "contradiction": ["angry/anna/sold.wav"],
        "leak": ["happy/anna/1.wav"],
        "duplicate": ["happy/ben/1.wav"],
        "cut_off": ["sad/anna/cut.wav"],
        "clipped": ["sad/anna/clipped.wav"],
        "offset": ["sad/anna/offset.wav"],
        "short": ["sad/anna/short.wav"],
        "long": ["sad/anna/long.wav"],
    }


def _write_unreadable(folder: Path) -> None:
    for seed, name in enumerate(("cut.flac", "cut.wav"), start=50):
        path = write(folder / name, noise(seed))
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    (folder / "none.wav").touch()
    (folder / "pointer.wav").write_text("version https://git-lfs.github.com/spec/v1\nsize 1\n")


def _write_unsound(folder: Path) -> None:
    write(folder / "empty.wav", noise(60)[:0])
    write(folder / "nan.wav", np.where(np.arange(8000) < 5, np.nan, noise(61)), subtype="FLOAT")
    write(folder / "silent.wav", noise(62, level=1e-5))
    write(folder / "clipped.wav", np.clip(8 * tone(), -0.99, 0.99))
    write(folder / "offset.wav", noise(64) + 0.05)
    write(folder / "short.wav", noise(65, length_s=0.2))
    write(folder / "long.wav", noise(66, length_s=31.0))


def _write_copies(folder: Path) -> None:
    write(folder / "happy" / "ben" / "again.flac", noise(2))
    write(folder / "happy" / "ben" / "anna.flac", noise(0))
    write(folder / "angry" / "anna" / "sold.wav", noise(70))
    write(folder / "happy" / "anna" / "sold.wav", noise(70))
