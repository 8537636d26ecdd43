"""What is made of a recording depends on what is asked for and on its content, on nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from edge.errors import NoInputError
from tests.fakes.specs import spec
from tests.trainer.features.sounds import TRANSFORMS, frames, inputs, noise_of
from trainer.features import oracle
from trainer.features.extraction import Extraction, Recording, Synthetic
from trainer.sound import waveform
from trainer.sound.augment import AugmentSettings
from trainer.sound.waveform import Noise, Room

POOLED = spec(layout={"kind": "pooled", "statistics": ["mean", "std"], "window_s": 1.0})

ROOM = Room(kind="room", probability=1.0, folder="rir")
NOISE = Noise(kind="noise", probability=1.0, snr_range_db=(0.0, 0.0), folder="esc10")


@pytest.fixture(autouse=True)
def _rounded_as_there() -> Iterator[None]:
    """Let librosa round here as it does where features are extracted."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield


@pytest.fixture
def sound(tmp_path: Path) -> Recording:
    return noise_of(tmp_path / "sound.wav", seed=0)


@pytest.fixture
def echo(tmp_path: Path) -> Recording:
    return noise_of(tmp_path / "echo.wav", seed=1, n_samples=800)


def test_frames_are_those_of_librosa(sound: Recording) -> None:
    expected = oracle.frames_of(sound.samples(sample_rate_hz=16000), frames().spec)
    np.testing.assert_array_equal(frames().run(sound)[0], expected)


@pytest.mark.parametrize("of", [spec(), POOLED], ids=["image", "pooled"])
def test_inputs_are_what_the_network_takes(of, sound: Recording) -> None:
    original, copy = inputs(of=of).run(sound)
    samples = sound.samples(sample_rate_hz=16000)
    np.testing.assert_array_equal(original, oracle.extract(samples, of))
    assert copy.shape == original.shape == of.shape
    assert not np.array_equal(copy, original)


def test_a_copy_is_the_recording_after_its_transforms(sound: Recording, echo: Recording) -> None:
    made = inputs(augmentation=(ROOM, NOISE), rooms=(echo,), noises=(sound,)).run(sound)
    samples, response = (r.samples(sample_rate_hz=16000) for r in (sound, echo))
    surroundings = waveform.Surroundings(sample_rate_hz=16000, rooms=[response], noises=[samples])
    # With one room, one noise and one ratio there is nothing left to draw.
    copy = waveform.apply(
        (ROOM, NOISE), samples, surroundings=surroundings, rng=np.random.default_rng()
    )
    np.testing.assert_allclose(made[1], oracle.extract(copy, spec()), atol=1e-4)


def test_a_recording_shorter_than_one_frame_is_followed_by_silence(tmp_path: Path) -> None:
    short = noise_of(tmp_path / "short.wav", seed=0, n_samples=100)
    for extraction in (frames(n_copies=0), inputs(of=POOLED, n_copies=0)):
        assert np.isfinite(extraction.run(short)[0]).all()


@pytest.mark.parametrize("made", [frames, inputs])
def test_a_copy_depends_on_the_seed_and_the_content_only(made, sound: Recording) -> None:
    moved = dataclasses.replace(sound, path=sound.path.rename(sound.path.with_stem("b")))
    copies = [made(seed=seed).run(moved)[1] for seed in (3, 3, 4)]
    np.testing.assert_array_equal(copies[0], copies[1])
    assert not np.array_equal(copies[0], copies[2])
    assert not np.array_equal(*made(n_copies=2).run(moved)[1:])


def test_everything_that_changes_features_changes_their_key(
    sound: Recording, echo: Recording
) -> None:
    mel = spec(layout={"kind": "image", "n_frames": 100})
    plain = frames()
    louder = dataclasses.replace(plain.augmentation, reverb_probability=0.1)
    variants = [
        *(plain, frames(n_copies=2), frames(seed=4), frames(of=mel), frames(rooms=(sound,))),
        dataclasses.replace(plain, augmentation=louder),
        dataclasses.replace(plain, product="inputs"),
        *(inputs(), inputs(of=POOLED), inputs(augmentation=TRANSFORMS[1:]), inputs(seed=4)),
        *(inputs(rooms=(sound,)), inputs(noises=(sound,)), inputs(noises=(sound, echo))),
    ]
    keys = {variant.key(sound) for variant in variants}
    keys.add(plain.key(echo))
    assert len(keys) == len(variants) + 1


@pytest.mark.parametrize("made", [frames, inputs])
def test_an_original_does_not_depend_on_what_copies_would_be(made, sound: Recording) -> None:
    without = made(n_copies=0, seed=1)
    others = (made(n_copies=0, seed=2), made(n_copies=0, rooms=(sound,), noises=(sound,)))
    assert {other.key(sound) for other in others} == {without.key(sound)}


def test_caches_of_frames_from_before_there_were_inputs_stay_valid() -> None:
    settings = AugmentSettings(
        speed_range=(0.9, 1.1),
        reverb_probability=0.4,
        measured_reverb_probability=0.5,
        t60_range_s=(0.1, 0.7),
        direct_to_reverb_range_db=(-3.0, 12.0),
        equaliser_range_db=(-6.0, 6.0),
        n_equaliser_points=6,
    )
    rooms = (Recording(path=Path("r.wav"), content="room"),)
    voice = Recording(path=Path("a.wav"), content="voice")
    keys = [frames(n_copies=n, augmentation=settings, rooms=rooms).key(voice) for n in (0, 1)]
    assert keys == [
        "b730f3482213520245115a176c7905d29e3f937d3f9364d6e453787f8f98119e",
        "6cb1e3f4e2e0e2530c9704bd9495284ad2500a3a77b2279a98f50e3757766d29",
    ]


@pytest.mark.parametrize(
    ("transform", "message"),
    [(ROOM, "kind 'room' needs .* in the folder rir"), (NOISE, "kind 'noise' .* folder esc10")],
)
def test_a_copy_that_lacks_its_surroundings_is_refused(transform, message: str) -> None:
    with pytest.raises(NoInputError, match=message):
        inputs(augmentation=(transform,))
    inputs(augmentation=(transform,), n_copies=0)


@pytest.mark.parametrize("made", [frames, inputs])
def test_what_is_carried_needs_no_file(made, sound: Recording, echo: Recording) -> None:
    extraction: Extraction = made(rooms=(echo,))
    here = extraction.run(sound)
    far, carried = extraction.carried(), sound.carried()
    sound.path.unlink()
    echo.path.unlink()
    for one, other in zip(here, far.run(carried), strict=True):
        np.testing.assert_array_equal(one, other)
    assert far.key(carried) == extraction.key(sound)
    with pytest.raises(NoInputError, match=r"sound\.wav does not exist"):
        extraction.run(sound.carried())


def test_synthetic_sounds_are_the_same_for_a_seed() -> None:
    def made(number: int) -> np.ndarray:
        source = Synthetic(content="s", seed=7, number=number, length_s=0.5)
        return source.carried().samples(sample_rate_hz=16000)

    np.testing.assert_array_equal(made(1), made(1))
    assert not np.array_equal(made(1), made(2))
    assert made(1).shape == (8000,)
