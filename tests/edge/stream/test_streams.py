"""The central theorem: however sound is cut, the numbers are the same to the last bit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.contract.spec import FeatureSpec
from edge.dsp import extract, frames_of, normalise
from edge.dsp.resample import resample
from edge.stream.frontend import ClipFeatures, StreamedFeatures, window_features
from edge.stream.resample import StreamResampler
from edge.stream.ring import SampleRing
from edge.stream.windows import FlagHistory, Window, WindowScheduler
from tests.fakes.specs import BLOCKS, is_local, logmel_table, spec, spec_table

MFCC = {**logmel_table(), "kind": "mfcc", "n_mfcc": 20, "lifter": 22}
SPECS = {
    "logmel": spec(),
    "mfcc": spec(blocks=[MFCC, logmel_table()]),
    "short window, odd counts": spec(
        framing=spec_table()["framing"] | {"n_fft": 400, "win_length": 320, "hop_length": 111},
        layout={"kind": "image", "n_frames": 45},
    ),
    "gaps between frames": spec(
        framing=spec_table()["framing"] | {"n_fft": 256, "win_length": 256, "hop_length": 300},
        layout={"kind": "image", "n_frames": 20},
    ),
    "everything that is frame-local": spec(
        blocks=[table for table in BLOCKS.values() if is_local(table)],
        layout={"kind": "image", "n_frames": 40},
    ),
}


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, n).astype(np.float32)


def cut(samples: np.ndarray, places: list[int]) -> list[np.ndarray]:
    edges = [0, *sorted(p for p in places if p < len(samples)), len(samples)]
    return [samples[a:b] for a, b in pairwise(edges)]


@pytest.mark.parametrize("name", SPECS)
@given(places=st.lists(st.integers(0, 30000), max_size=40), n=st.integers(0, 30000))
@settings(deadline=None, max_examples=60)
def test_streamed_frames_are_the_batch_frames(name: str, places: list[int], n: int) -> None:
    made = SPECS[name]
    samples = noise(n)
    stream = StreamedFeatures(made)
    for piece in cut(samples, places):
        stream.push(piece)
    expected = frames_of(samples, made)
    first = max(0, len(expected) - made.layout.n_frames)
    np.testing.assert_array_equal(stream.frames(first=first, stop=len(expected)), expected[first:])


@pytest.mark.parametrize("name", SPECS)
def test_windows_equal_extraction_over_a_long_stream(name: str) -> None:
    made = SPECS[name]
    samples = noise(12 * made.window_length)
    stream, seen = StreamedFeatures(made), 0
    step = 7 * made.framing.hop_length
    for start in range(0, len(samples) - made.window_length, step):
        end = start + made.window_length
        stream.push(samples[seen:end])
        seen = end
        np.testing.assert_array_equal(stream.read(start), extract(samples[start:end], made))


def test_reset_restores_the_first_answer_and_its_lack_does_not() -> None:
    made, samples = SPECS["short window, odd counts"], noise(6000)
    stream = StreamedFeatures(made)
    stream.push(samples)
    first = stream.read(0)
    stream.push(samples)
    assert not np.array_equal(stream.read(20 * 111), first)
    stream.reset()
    stream.push(samples)
    np.testing.assert_array_equal(stream.read(0), first)


def test_a_running_norm_runs_on_across_windows() -> None:
    norm = {"kind": "running_standard", "n_frames": 50, "floor": 0.1}
    made = spec(norm=norm, layout={"kind": "image", "n_frames": 45})
    samples = noise(6 * made.window_length)
    expected = normalise(frames_of(samples, made), made.norm)
    stream = StreamedFeatures(made)
    for end in range(0, len(samples), 1777):
        stream.push(samples[max(0, end - 1777) : end])
        first = max(0, end - made.window_length) // 250
        complete = max(0, 1 + (end - 512) // 250 - first)
        np.testing.assert_array_equal(
            stream.read(first * 250)[:complete], expected[first : first + 45][:complete]
        )


def test_the_first_window_of_a_running_norm_is_the_extraction() -> None:
    norm = {"kind": "running_standard", "n_frames": 50, "floor": 0.1}
    made = spec(norm=norm, layout={"kind": "image", "n_frames": 45})
    samples = noise(made.window_length)
    stream = StreamedFeatures(made)
    stream.push(samples)
    np.testing.assert_array_equal(stream.read(0), extract(samples, made))


def test_what_is_forgotten_is_named() -> None:
    stream = StreamedFeatures(SPECS["short window, odd counts"])
    stream.push(noise(100_000))
    with pytest.raises(IndexError, match="frame 0 is forgotten"):
        stream.read(0)


def test_memory_stays_flat() -> None:
    stream = StreamedFeatures(spec())
    for i in range(200):
        stream.push(noise(8000, i))
    assert len(stream._blocks) <= 9
    assert len(stream._block) == 31 * 250 + 512


def test_clip_level_features_of_a_stream_are_the_extraction_of_the_window() -> None:
    decibel = {"amin": 1e-10, "ref": "max", "top_db": 80.0}
    made = spec(blocks=[logmel_table(decibel=decibel)], layout={"kind": "image", "n_frames": 50})
    assert isinstance(window_features(made), ClipFeatures)
    samples = noise(3 * made.window_length)
    stream = window_features(made)
    for i in range(0, len(samples), 1000):
        stream.push(samples[i : i + 1000])
    start = len(samples) - made.window_length - 777
    np.testing.assert_array_equal(
        stream.read(start), extract(samples[start : start + made.window_length], made)
    )
    short = np.concatenate([samples[-3000:], np.zeros(made.window_length - 3000, np.float32)])
    np.testing.assert_array_equal(stream.read(len(samples) - 3000), extract(short, made))


POOLED = {"kind": "pooled", "statistics": ["mean", "std"], "window_s": 0.5}


def pooled(padding: str) -> FeatureSpec:
    return spec(
        framing=spec_table()["framing"] | {"padding": padding},
        blocks=[MFCC, BLOCKS["zcr"]],
        layout=POOLED,
    )


@pytest.mark.parametrize("padding", ["none", "constant", "reflect"])
@pytest.mark.parametrize("n", [1, 2, 511, 512, 513, 7999, 8000, 8001, 11111])
def test_pooled_features_are_those_of_what_is_there(n: int, padding: str) -> None:
    made = pooled(padding)
    stream, samples = window_features(made), noise(n)
    for piece in cut(samples, list(range(0, n, 777))):
        stream.push(piece)
    start = max(0, n - made.window_length)
    there = samples[start:]
    frame = np.pad(there, (0, max(0, 512 - n))) if padding == "none" else there
    np.testing.assert_array_equal(stream.read(start), extract(frame, made))


@given(places=st.lists(st.integers(0, 30000), max_size=40), n=st.integers(8000, 30000))
@settings(deadline=None, max_examples=20)
def test_pooled_windows_are_the_extraction_however_sound_was_cut(places: list[int], n: int) -> None:
    made = pooled("reflect")
    stream, samples = window_features(made), noise(n)
    for piece in cut(samples, [*places, *range(0, n, made.window_length)]):
        stream.push(piece)
    expected = extract(samples[-made.window_length :], made)
    np.testing.assert_array_equal(stream.read(n - made.window_length), expected)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100, 48000])
@given(places=st.lists(st.integers(0, 20000), max_size=30), n=st.integers(0, 20000))
@settings(deadline=None, max_examples=30)
def test_streamed_resampling_is_the_batch_resampling(
    rate_hz: int, places: list[int], n: int
) -> None:
    samples = noise(n)
    stream = StreamResampler(rate_in_hz=rate_hz, rate_out_hz=16000)
    for _ in range(2):  # the second time after flush(), which starts anew
        parts = [stream.push(piece) for piece in cut(samples, places)] + [stream.flush()]
        np.testing.assert_array_equal(
            np.concatenate(parts), resample(samples, rate_in_hz=rate_hz, rate_out_hz=16000)
        )


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.integers(50, 120))
def test_the_ring_keeps_the_newest_samples(sizes: list[int], capacity: int) -> None:
    ring, everything = SampleRing(capacity), np.zeros(0, np.float32)
    for i, size in enumerate(sizes):
        piece = noise(size, i)
        ring.push(piece)
        everything = np.append(everything, piece)
    assert ring.n_seen == len(everything)
    np.testing.assert_array_equal(ring.newest(), everything[-capacity:])
    start = max(0, len(everything) - capacity // 2)
    np.testing.assert_array_equal(ring.read(start=start, stop=len(everything)), everything[start:])


def test_the_ring_refuses_what_it_does_not_have() -> None:
    ring = SampleRing(10)
    ring.push(noise(8))
    ring.push(noise(8))
    with pytest.raises(IndexError, match="samples 5 to 8 were asked for, 6 to 16 are there"):
        ring.read(start=5, stop=8)
    with pytest.raises(ValueError, match="11 samples at once, at most 10 fit"):
        ring.push(noise(11))


def test_windows_are_due_every_hop() -> None:
    scheduler = WindowScheduler(spec(), hop_s=0.5)
    assert scheduler.hop_length == 8000
    assert scheduler.due(48261) is None
    assert scheduler.due(48262) == Window(start_sample=0, end_sample=48262)
    assert scheduler.due(48262) is None
    assert scheduler.next_end_sample == 56262


@pytest.mark.parametrize(
    ("n_seen", "expected_start"),
    [
        (0, None),
        (1, 0),
        (30000, 0),
        (48262, None),
        (48262 + 249, None),
        (48262 + 250, 250),
        (48262 + 8000 - 1, 7750),
    ],
)
def test_the_last_window_covers_the_end(n_seen: int, expected_start: int | None) -> None:
    scheduler = WindowScheduler(spec(), hop_s=0.5)
    while scheduler.due(n_seen):
        pass
    last = scheduler.last(n_seen)
    assert (last.start_sample if last else None) == expected_start


def test_a_hop_is_rounded_to_whole_frames() -> None:
    assert WindowScheduler(spec(), hop_s=0.51).hop_length == 33 * 250


def test_speech_is_counted_within_the_window() -> None:
    flags = FlagHistory(frame_length=100, capacity_samples=1000, sample_rate_hz=1000)
    flags.push(np.array([True, False, True, True]))
    assert flags.speech_s(Window(start_sample=0, end_sample=400)) == pytest.approx(0.3)
    assert flags.speech_s(Window(start_sample=50, end_sample=350)) == pytest.approx(0.1)
    flags.push(np.zeros(50, bool))
    assert flags.total_speech_s == pytest.approx(0.3)
    assert flags.speech_s(Window(start_sample=4400, end_sample=5400)) == 0.0
    assert not flags.newest
