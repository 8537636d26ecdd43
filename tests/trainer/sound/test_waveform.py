"""Each transform does what its name says, by the amount drawn, and nothing else."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from tests.support import data_dir
from trainer.sound import audio
from trainer.sound.waveform import (
    Gain,
    Noise,
    Pitch,
    Room,
    Shift,
    Speed,
    Surroundings,
    Transform,
    VocalTract,
    apply,
    refuse_several_folders,
)

RATE_HZ = 16000
F0_HZ = 125.0


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def voice(*, formant_hz: float = 1200.0, length_s: float = 1.5) -> np.ndarray:
    """Pulses of a larynx through one resonance."""
    pulses = np.zeros(round(length_s * RATE_HZ))
    pulses[:: round(RATE_HZ / F0_HZ)] = 1.0
    radius = np.exp(-np.pi * 150.0 / RATE_HZ)
    angle = 2.0 * np.pi * formant_hz / RATE_HZ
    sound = lfilter([1.0], [1.0, -2.0 * radius * np.cos(angle), radius**2], pulses)
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def pitch_hz(samples: np.ndarray) -> float:
    return float(np.median(librosa.yin(samples, fmin=60, fmax=400, sr=RATE_HZ)))


def voiced_pitch_hz(samples: np.ndarray) -> float:
    return float(np.nanmedian(librosa.pyin(samples, fmin=80, fmax=500, sr=RATE_HZ)[0]))


def centroid_hz(samples: np.ndarray) -> float:
    return float(np.median(librosa.feature.spectral_centroid(y=samples, sr=RATE_HZ)))


def formant_hz(samples: np.ndarray) -> float:
    """Return where the power lies of a voice with one formant."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(np.average(np.fft.rfftfreq(len(samples), 1.0 / RATE_HZ), weights=power))


def noise(*, snr_db: float = 10.0, folder: str = "") -> Noise:
    return Noise(kind="noise", probability=1.0, snr_range_db=(snr_db, snr_db), folder=folder)


def gain(low: float = -6.0, high: float = 6.0) -> Gain:
    return Gain(kind="gain", probability=1.0, range_db=(low, high))


def speed(factor: float) -> Speed:
    return Speed(kind="speed", probability=1.0, factor_range=(factor, factor))


def pitch(semitones: float) -> Pitch:
    return Pitch(kind="pitch", probability=1.0, range_semitones=(semitones, semitones))


def tract(factor: float) -> VocalTract:
    return VocalTract(kind="vocal_tract", probability=1.0, factor_range=(factor, factor))


def shift(seconds: float) -> Shift:
    return Shift(kind="shift", probability=1.0, range_s=(seconds, seconds))


ROOM = Room(kind="room", probability=1.0, folder="rir")

DRAWN: tuple[Transform, ...] = (
    Speed(kind="speed", probability=0.5, factor_range=(0.8, 1.25)),
    Pitch(kind="pitch", probability=0.5, range_semitones=(-3.0, 3.0)),
    VocalTract(kind="vocal_tract", probability=0.5, factor_range=(0.85, 1.2)),
    Room(kind="room", probability=0.5, folder="rir"),
    Noise(kind="noise", probability=0.5, snr_range_db=(0.0, 30.0), folder="noise"),
    Noise(kind="noise", probability=0.5, snr_range_db=(0.0, 30.0), folder=""),
    Gain(kind="gain", probability=0.5, range_db=(-12.0, 12.0)),
    Shift(kind="shift", probability=0.5, range_s=(-0.3, 0.3)),
)
"""Every transform, as a recipe would list it."""


def changed(transform: Transform, samples: np.ndarray, **surroundings: Any) -> np.ndarray:
    where = Surroundings(sample_rate_hz=RATE_HZ, **surroundings)
    return apply((transform,), samples, surroundings=where, rng=rng())


def all_of_them(samples: np.ndarray, *, seed: int) -> np.ndarray:
    where = Surroundings(
        sample_rate_hz=RATE_HZ,
        rooms=(np.array([0.0, 1.0, 0.0, 0.3], np.float32),),
        noises=(rng(5).standard_normal(3000).astype(np.float32),),
    )
    return apply(DRAWN, samples, surroundings=where, rng=rng(seed))


@given(snr_db=st.floats(-30.0, 60.0), length=st.integers(1, 5000))
@settings(max_examples=50)
@pytest.mark.parametrize("folder", ["", "esc10"])
def test_noise_stands_at_its_ratio(folder: str, snr_db: float, length: int) -> None:
    clean = rng(1).standard_normal(length).astype(np.float32)
    recordings = tuple(rng(2).standard_normal(n).astype(np.float32) for n in (300, 9000))
    added = changed(noise(snr_db=snr_db, folder=folder), clean, noises=recordings) - clean
    found_db = 10.0 * np.log10(
        np.mean(clean.astype(float) ** 2) / np.mean(added.astype(float) ** 2)
    )
    assert found_db == pytest.approx(snr_db, abs=0.1)


def test_noise_of_a_folder_is_a_piece_of_its_recordings() -> None:
    ramp = np.arange(1, 101, dtype=np.float32)
    added = changed(noise(folder="noise"), np.ones(20, np.float32), noises=(ramp,)) - 1.0
    steps = np.diff(added)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)
    short = changed(noise(folder="noise"), np.ones(250, np.float32), noises=(ramp,)) - 1.0
    np.testing.assert_array_equal(short[:100], short[100:200])


@pytest.mark.parametrize("silent", ["voice", "noise"])
def test_silence_has_no_ratio_and_stays_as_it_is(silent: str) -> None:
    clean = np.zeros(500, np.float32) if silent == "voice" else voice()
    nothing = np.zeros(800, np.float32)
    np.testing.assert_array_equal(changed(noise(folder="n"), clean, noises=(nothing,)), clean)


@given(gain_db=st.floats(-60.0, 60.0))
def test_gain_is_exact_and_never_clips(gain_db: float) -> None:
    clean = voice(length_s=0.1)
    louder = changed(gain(gain_db, gain_db), clean)
    np.testing.assert_allclose(louder, clean * 10.0 ** (gain_db / 20.0), rtol=1e-5)


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.0, 1.3, 2.0])
def test_speed_changes_the_length_and_not_the_pitch(factor: float) -> None:
    clean = voice()
    played = changed(speed(factor), clean)
    assert len(played) == pytest.approx(len(clean) / factor, abs=1)
    assert pitch_hz(played) == pytest.approx(F0_HZ, rel=0.02)


@pytest.mark.parametrize("semitones", [-7.0, -2.0, 0.0, 3.0, 12.0])
def test_pitch_moves_the_pitch_and_not_the_length(semitones: float) -> None:
    clean = voice()
    higher = changed(pitch(semitones), clean)
    assert len(higher) == len(clean)
    assert pitch_hz(higher) == pytest.approx(F0_HZ * 2.0 ** (semitones / 12.0), rel=0.02)


@pytest.mark.parametrize("factor", [0.8, 0.9, 1.1, 1.25])
def test_a_vocal_tract_moves_the_formant_and_not_the_pitch(factor: float) -> None:
    clean = voice(formant_hz=1200.0)
    moved = changed(tract(factor), clean)
    share_of_the_way = np.log(formant_hz(clean) / formant_hz(moved)) / np.log(factor)
    # One smooth envelope for all voices cannot follow a narrow resonance to its very peak.
    assert 0.6 < share_of_the_way < 1.1
    assert len(moved) == len(clean)
    assert pitch_hz(moved) == pytest.approx(F0_HZ, rel=0.01)
    assert np.sum(moved**2) == pytest.approx(np.sum(clean**2), rel=1e-3)


def test_a_vocal_tract_of_the_same_length_changes_nothing() -> None:
    clean = voice()
    np.testing.assert_allclose(changed(tract(1.0), clean), clean, atol=1e-5)


def test_a_real_voice_keeps_its_pitch_in_a_longer_vocal_tract() -> None:
    path = data_dir() / "ravdess" / "Actor_02" / "03-01-05-02-01-01-02.flac"
    clean = audio.load(path, sample_rate_hz=RATE_HZ)[16000:40000]
    longer, shorter = changed(tract(1.2), clean), changed(tract(0.85), clean)
    for other in (longer, shorter):
        assert voiced_pitch_hz(other) == pytest.approx(voiced_pitch_hz(clean), rel=0.03)
    assert centroid_hz(longer) < 0.92 * centroid_hz(clean)
    assert centroid_hz(shorter) > 1.05 * centroid_hz(clean)


@given(n_later=st.integers(-300, 300), length=st.integers(1, 200))
def test_a_shift_moves_and_leaves_silence(n_later: int, length: int) -> None:
    clean = np.arange(1, length + 1, dtype=np.float32)
    moved = changed(shift(n_later / RATE_HZ), clean)
    expected = np.zeros(length, np.float32)
    for position in range(length):
        if 0 <= position - n_later < length:
            expected[position] = clean[position - n_later]
    np.testing.assert_array_equal(moved, expected)


def test_a_room_adds_its_echo_and_leaves_the_direct_sound_where_it_was() -> None:
    response = np.zeros(900, np.float32)
    response[[100, 600]] = 1.0, 0.5
    click = np.zeros(2000, np.float32)
    click[700] = 1.0
    heard = changed(ROOM, click, rooms=(response,))
    assert np.flatnonzero(np.abs(heard) > 1e-4).tolist() == [700, 1200]
    assert heard[1200] / heard[700] == pytest.approx(0.5, abs=1e-4)
    assert np.sum(heard**2) == pytest.approx(1.0, abs=1e-4)


def test_the_room_of_a_copy_is_one_of_those_given() -> None:
    click = np.zeros(50, np.float32)
    click[0] = 1.0
    rooms = np.zeros((2, 9), np.float32)
    rooms[:, 0], rooms[0, 3], rooms[1, 7] = 1.0, 0.5, 0.5
    where = Surroundings(sample_rate_hz=RATE_HZ, rooms=tuple(rooms))
    heard = {
        tuple(np.round(apply((ROOM,), click, surroundings=where, rng=rng(seed)), 3))
        for seed in range(20)
    }
    assert len(heard) == 2


@pytest.mark.parametrize("transform", DRAWN, ids=lambda t: t.kind)
def test_probability_decides_whether_it_happens(transform: Transform) -> None:
    import dataclasses

    clean = voice(length_s=0.5)
    surroundings = {"rooms": (np.ones(9, np.float32),), "noises": (voice(length_s=0.2),)}
    never = dataclasses.replace(transform, probability=0.0)
    always = dataclasses.replace(transform, probability=1.0)
    assert changed(never, clean, **surroundings) is clean
    assert not np.array_equal(changed(always, clean, **surroundings), clean)


@given(length=st.integers(1, 4000), seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_any_sound_stays_finite_float32(length: int, seed: int) -> None:
    clean = (0.9 * rng(seed).uniform(-1.0, 1.0, length)).astype(np.float32)
    copy = all_of_them(clean, seed=seed)
    assert copy.dtype == np.float32
    assert copy.ndim == 1
    assert len(copy) >= length // 2
    assert np.isfinite(copy).all()


def test_a_copy_is_the_same_in_any_thread_and_whatever_others_draw() -> None:
    clean = voice(length_s=0.4)
    alone = [all_of_them(clean, seed=seed) for seed in range(12)]
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global state is what is tested
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: all_of_them(clean, seed=seed), range(12)))
    assert before == (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len({copy.tobytes() for copy in alone}) > 6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gain(6.0, -6.0), r"range_db is \[6\.0, -6\.0\], expected two values from -60 to"),
        (lambda: Gain(kind="gain", probability=1.0, range_db=(1.0,)), r"expected two values"),
        (lambda: gain(-99.0, 0.0), r"range_db is \[-99\.0, 0\.0\]"),
        (lambda: speed(0.4), r"factor_range is .* from 0\.5 to 2"),
        (lambda: pitch(13.0), r"range_semitones is .* from -12 to 12"),
        (lambda: tract(2.0), r"factor_range is .* from 0\.7 to 1\.4"),
        (lambda: shift(11.0), r"range_s is .* from -10 to 10"),
        (lambda: noise(snr_db=float("nan")), r"snr_range_db is .* the smaller first"),
        (lambda: Room(kind="room", probability=1.0, folder=""), r"folder is empty"),
        (
            lambda: refuse_several_folders(
                (noise(folder="a"), noise(folder=""), noise(folder="b"))
            ),
            r"kind 'noise' name the folders a and b, expected one",
        ),
    ],
)
def test_impossible_transforms_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_one_folder_of_each_kind_is_enough() -> None:
    refuse_several_folders((noise(folder="a"), noise(folder=""), noise(folder="a"), ROOM))
