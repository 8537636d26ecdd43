"""Nobody's voice and no recording stands on two sides, whatever the files are called and hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.fakes.surveys import noise, write
from tests.fakes.utterances import utterance
from trainer.examples import leakage
from trainer.examples.gather import content_hashes
from trainer.examples.leakage import LeakageError
from trainer.examples.splits import Split


def split_of(first: Path, second: Path) -> Split:
    """Return a split that learns from one recording and judges by another."""
    known, new = utterance(first, speaker="a"), utterance(second, speaker="b")
    return Split(train=(known,), validation=(), test=(new,))


def stereo(samples: np.ndarray) -> np.ndarray:
    return np.stack([samples, samples], axis=1)


@pytest.mark.parametrize(
    ("name", "samples", "subtype"),
    [
        ("b.wav", noise(1), None),
        ("b.flac", noise(1), None),
        ("b.wav", noise(1), "FLOAT"),
        ("b.flac", stereo(noise(1)), None),
    ],
    ids=["copy", "other file", "other numbers", "other channels"],
)
def test_the_same_sound_on_two_sides_is_refused(
    name: str, samples: np.ndarray, subtype: str | None, tmp_path: Path
) -> None:
    first = write(tmp_path / "a.wav", noise(1))
    second = write(tmp_path / name, samples, subtype=subtype)
    told = rf"{name} in test is the same recording as .*a\.wav in train; remove one of them"
    with pytest.raises(LeakageError, match=told):
        content_hashes(split_of(first, second))


def test_the_same_sound_twice_on_one_side_is_no_leak(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, noise(1)) for name in ("a.wav", "a.flac")]
    split = Split(train=tuple(map(utterance, paths)), validation=(), test=())
    hashes = content_hashes(split)
    assert hashes.keys() == set(paths)
    assert len(set(hashes.values())) == 2  # the cache goes by the files


@pytest.mark.parametrize(
    ("samples", "others"),
    [(noise(1), noise(2)), (0 * noise(1), 0 * noise(1))],
    ids=["sounds", "silence"],
)
def test_other_recordings_are_no_leak(
    samples: np.ndarray, others: np.ndarray, tmp_path: Path
) -> None:
    first, second = write(tmp_path / "a.wav", samples), write(tmp_path / "b.flac", others)
    assert len(content_hashes(split_of(first, second))) == 2


def test_what_cannot_be_decoded_is_told_apart_by_its_bytes(tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{name}.wav" for name in "abc")
    for path, content in ((first, b"torn"), (second, b"tear"), (third, b"torn")):
        path.write_bytes(content)
    content_hashes(split_of(first, second))
    with pytest.raises(LeakageError, match=r"c\.wav in test is the same recording as .*a\.wav"):
        content_hashes(split_of(first, third))


def test_a_recording_that_was_replaced_is_looked_at_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", noise(1))
    before = leakage.sound_hash(path)
    soundfile.write(path, noise(2, length_s=1.5), 8000)
    assert leakage.sound_hash(path) != before


def test_a_speaker_on_two_sides_is_refused() -> None:
    known, again = utterance("a.wav", speaker="a"), utterance("b.wav", speaker="a")
    split = Split(train=(known,), validation=(again,), test=())
    with pytest.raises(LeakageError, match="speaker a stands in both train and validation"):
        leakage.refuse_shared_speakers(split.parts())
