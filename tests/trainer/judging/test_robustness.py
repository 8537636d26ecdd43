"""Robustness: the sound is disturbed as it is said to be, and judged by the edge itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import AudioDataError, NoInputError, UsageError
from tests.fakes import sound as fake_sound
from tests.support import data_dir, need
from trainer.corpora.base import Utterance
from trainer.corpora.ravdess import SPEECH
from trainer.judging import robustness
from trainer.judging.figures import figures_of
from trainer.judging.predictions import predict
from trainer.judging.robustness import Condition, Disturbances, Sound, disturbed

RATE_HZ = 16000
HISS = np.random.default_rng(2).standard_normal(5000).astype(np.float32)


def voice(*, n_samples: int = 3 * RATE_HZ, seed: int = 1) -> Sound:
    samples = fake_sound.sample()[:n_samples] * np.float32(0.1)
    return Sound(samples=samples, sample_rate_hz=RATE_HZ, voice_power=1e-3, seed=seed)


def snr(value: float) -> Condition:
    return Condition(kind="snr", value=value)


def t60(value: float) -> Condition:
    return Condition(kind="t60", value=value)


def power(samples: np.ndarray) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64)))


def test_clean_sound_is_not_touched() -> None:
    clean = Condition(kind="clean", value=None)
    given_ = voice()
    assert disturbed(given_, clean, noises=[HISS]) is given_.samples


@pytest.mark.parametrize("value", [20.0, 10.0, 0.0])
@pytest.mark.parametrize("noises", [[HISS], []], ids=["recorded", "pink"])
def test_the_voice_is_above_the_noise_as_told(value: float, noises: list) -> None:
    given_ = voice()
    noise = disturbed(given_, snr(value), noises=noises) - given_.samples
    found_db = 10 * np.log10(given_.voice_power / power(noise))
    assert found_db == pytest.approx(value, abs=0.01)


def test_a_curve_has_one_noise() -> None:
    given_ = voice()
    loud, faint = (disturbed(given_, snr(v), noises=[HISS]) - given_.samples for v in (0.0, 20.0))
    assert loud == pytest.approx(10 * faint, abs=1e-6)


def test_noise_begins_where_it_is_loud() -> None:
    bark = np.zeros(100_000, np.float32)
    bark[50_000:50_400] = HISS[:400]
    given_ = voice()
    noise = disturbed(given_, snr(10.0), noises=[bark]) - given_.samples
    assert np.any(noise[:400])
    # The sum with the voice was rounded.
    assert power(noise) == pytest.approx(given_.voice_power / 10, rel=0.05)


def test_direct_and_reverberant_energy_are_equal() -> None:
    click = np.zeros(RATE_HZ, np.float32)
    click[0] = 0.5
    heard = disturbed(replace(voice(), samples=click), t60(0.6), noises=[])
    direct, rest = heard[0] ** 2, np.square(heard[1:], dtype=np.float64)
    assert direct / rest.sum() == pytest.approx(10 ** (robustness.DIRECT_TO_REVERB_DB / 10), 1e-3)
    # Half of 0.6 s lies 30 dB below the beginning.
    early, late = rest[:800].mean(), rest[4400:5200].mean()
    assert 10 * np.log10(early / late) == pytest.approx(30.0 * 4400 / 4800, abs=2.0)


@given(
    scale=st.floats(0, 1),
    condition=st.builds(snr, st.floats(-20, 40)) | st.builds(t60, st.floats(0.05, 1.5)),
)
def test_disturbed_sound_never_clips(scale: float, condition: Condition) -> None:
    given_ = voice(n_samples=4000)
    given_ = replace(given_, samples=given_.samples * np.float32(10 * scale), voice_power=scale)
    heard = disturbed(given_, condition, noises=[HISS])
    assert heard.dtype == np.float32
    assert heard.shape == given_.samples.shape
    assert np.max(np.abs(heard)) <= robustness.HIGHEST_PEAK + 1e-6


def test_what_is_drawn_depends_on_the_seed_and_the_sound_alone() -> None:
    once, again = (disturbed(voice(), snr(5.0), noises=[HISS]) for _ in range(2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, disturbed(voice(seed=2), snr(5.0), noises=[HISS]))
    longer = disturbed(voice(n_samples=RATE_HZ), snr(5.0), noises=[HISS])
    assert not np.array_equal(once[: len(longer)], longer)


def test_silence_around_the_voice_does_not_count(tmp_path: Path) -> None:
    samples = fake_sound.sample()[: 4 * RATE_HZ]
    padded = np.concatenate([np.zeros(3 * RATE_HZ, np.float32), samples])
    for name, what in (("bare", samples), ("padded", padded)):
        soundfile.write(tmp_path / f"{name}.wav", what, RATE_HZ)
    bare, around = (
        Sound.load(tmp_path / f"{name}.wav", sample_rate_hz=RATE_HZ, seed=1).voice_power
        for name in ("bare", "padded")
    )
    assert 10 * np.log10(bare / around) == pytest.approx(0.0, abs=1.0)
    assert power(padded) < 0.7 * power(samples)


def test_no_clip_is_refused() -> None:
    with pytest.raises(UsageError, match="no clips to disturb"):
        robustness.curves(
            fake_sound.bundled(),
            [],
            disturbances=Disturbances(noises=()),
            seed=1,
            n_clips_most=4,
        )


@pytest.fixture
def clips() -> list[Utterance]:
    folder = data_dir() / "ravdess"
    need(folder.is_dir(), "corpus ravdess")
    found = SPEECH.find(folder / "Actor_17").utterances
    wanted = {"sad", "angry", "happy"}
    return [u for u in found if u.emotion in wanted and (u.text, u.take) == ("stmt01", "01")]


@pytest.fixture
def noises() -> tuple[Path, ...]:
    folder = data_dir() / "noise-speechcommands"
    need(folder.is_dir(), "noises of speechcommands")
    return (folder / "running_tap.flac", folder / "pink_noise.flac")


def test_the_bundled_model_in_noise_and_in_rooms(
    clips: list[Utterance], noises: tuple[Path, ...]
) -> None:
    model = fake_sound.bundled()
    settings = Disturbances(noises=noises, snrs_db=(30.0, -15.0), t60s_s=(0.4,))

    def curve(utterances: list[Utterance]) -> list[dict]:
        return robustness.curves(
            model, utterances, disturbances=settings, seed=3, n_clips_most=len(clips)
        )

    found = curve(clips)
    assert [(row["kind"], row["value"]) for row in found] == [
        ("clean", None),
        ("snr", 30.0),
        ("snr", -15.0),
        ("t60", 0.4),
    ]
    assert all(row["n_clips"] == len(clips) for row in found)
    json.dumps(found, allow_nan=False)
    assert curve(clips[::-1]) == found
    predictions = predict(model, clips, data=data_dir(), precision="int8", seed=3, fold="")
    labels = model.manifest.labels[:-1]
    assert found[0]["uar"] == figures_of(predictions, labels)["uar"]
    # Far below the noise nobody can tell.
    assert found[2]["uar"] < found[0]["uar"]


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        (None, NoInputError, "does not exist"),
        (b"no sound", AudioDataError, "cannot be decoded"),
        (np.zeros(800), AudioDataError, "is silent"),
    ],
    ids=["absent", "broken", "silent"],
)
def test_a_noise_that_cannot_be_used_is_named(
    content: object, error: type[Exception], told: str, clips: list[Utterance], tmp_path: Path
) -> None:
    path = tmp_path / "hum.wav"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        soundfile.write(path, content, RATE_HZ)
    with pytest.raises(error, match=f"hum.wav.*{told}"):
        robustness.curves(
            fake_sound.bundled(),
            clips,
            disturbances=Disturbances(noises=(path,)),
            seed=1,
            n_clips_most=1,
        )
