"""The speech gate: real speech passes, the rest does not, and chunks never matter."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import lfilter

from edge.contract.tables import TableError, from_table
from edge.errors import SpecError
from edge.stream.vad import GateSettings, SpeechGate
from edge.stream.vad_measures import FrameMeasures
from tests.support import data_dir, need

RATE_HZ = 16000
FRAME_S = 0.032
MIN_SPEECH_S = 0.5


def flags_of(
    samples: NDArray[np.float32], *, rate_hz: int = RATE_HZ, settings: GateSettings | None = None
) -> NDArray[np.bool_]:
    detector = SpeechGate(rate_hz, settings or GateSettings())
    return detector.push(samples)


def speech_s(samples: NDArray[np.float32], *, rate_hz: int = RATE_HZ) -> float:
    return float(flags_of(samples, rate_hz=rate_hz).sum() * FRAME_S)


def noise(rms: float, *, duration_s: float = 10.0, seed: int = 1) -> NDArray[np.float32]:
    white = np.random.default_rng(seed).normal(size=round(duration_s * RATE_HZ))
    return (white * rms).astype(np.float32)


def tone(frequency_hz: float, amplitude: float, *, n_samples: int) -> NDArray[np.float32]:
    turns = np.arange(n_samples) * (frequency_hz / RATE_HZ)
    return (amplitude * np.sin(2 * np.pi * turns)).astype(np.float32)


def recording(path: Path) -> NDArray[np.float32]:
    soundfile = pytest.importorskip("soundfile")
    need(path.is_file(), path.name)
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE_HZ
    return np.asarray(samples)


@pytest.fixture(scope="module")
def utterance() -> NDArray[np.float32]:
    """3.4 s of speech that starts within its first tenth of a second; peak at -12 dBFS."""
    samples = recording(data_dir() / "speech-cmu-arctic-samples" / "cmu_arctic_us_aew_a0001.flac")
    return (samples * (0.25 / np.abs(samples).max())).astype(np.float32)


UNDECIDED = GateSettings(enter_probability=0.3, leave_probability=0.3, hangover_s=0.0)


def in_chunks(
    samples: NDArray[np.float32], cuts: list[int], settings: GateSettings
) -> NDArray[np.bool_]:
    gate = SpeechGate(RATE_HZ, settings)
    return np.concatenate([gate.push(chunk) for chunk in np.split(samples, sorted(cuts))])


N_VOICE = 3 * RATE_HZ


def resonance(sound: NDArray[np.float64], frequency_hz: float) -> NDArray[np.float64]:
    radius = np.exp(-np.pi * 100 / RATE_HZ)
    turn = 2 * np.pi * frequency_hz / RATE_HZ
    return np.asarray(lfilter([1], [1, -2 * radius * np.cos(turn), radius**2], sound))


@cache
def robot_voice() -> NDArray[np.float32]:
    """Return two vowels in turn, in syllables: the gate wavers, so every frame is a test."""
    seconds = np.arange(N_VOICE) / RATE_HZ
    turns = np.cumsum(140 + 25 * np.sin(2 * np.pi * 1.3 * seconds)) / RATE_HZ
    pulses = np.diff(np.floor(turns), prepend=0)
    vowels = [resonance(resonance(pulses, f1), f2) for f1, f2 in ((300, 2200), (750, 1200))]
    front, back = (vowel / np.abs(vowel).max() for vowel in vowels)
    share = 0.5 + 0.5 * np.sin(2 * np.pi * 2 * seconds)
    syllables = np.clip(1.5 * np.sin(2 * np.pi * 3.5 * seconds), 0, 1)
    voice = 0.2 * syllables * (front * share + back * (1 - share))
    return (voice + noise(0.001)[:N_VOICE]).astype(np.float32)


@given(cuts=st.lists(st.integers(0, N_VOICE), max_size=40))
@example(cuts=list(range(0, N_VOICE, 160)))
@example(cuts=[1, 2, 3, 511, 512, 513, 1023, 1024, 1025])
@hypothesis.settings(deadline=None, max_examples=25)
def test_any_chunking_gives_the_same_flags(cuts: list[int]) -> None:
    whole = flags_of(robot_voice(), settings=UNDECIDED)
    assert np.count_nonzero(np.diff(whole)) >= 10
    assert in_chunks(robot_voice(), cuts, UNDECIDED).tolist() == whole.tolist()


@given(cuts=st.lists(st.integers(1024, 8 * 512), max_size=12))
@hypothesis.settings(deadline=None, max_examples=25)
def test_measures_do_not_depend_on_how_many_frames_are_measured_at_once(cuts: list[int]) -> None:
    measures = FrameMeasures(RATE_HZ)
    sound = noise(0.1, duration_s=1).astype(np.float64)[: 9 * 512]
    whole = measures.measure(sound)
    for cut in cuts:
        n_frames = cut // 512
        np.testing.assert_array_equal(
            measures.measure(sound[: n_frames * 512]), whole[: n_frames - 1]
        )


def test_one_sample_at_a_time_equals_all_at_once(utterance: NDArray[np.float32]) -> None:
    samples = utterance[: RATE_HZ // 2]
    gate = SpeechGate(RATE_HZ)
    flags = np.concatenate([gate.push(sample) for sample in samples.reshape(-1, 1)])
    assert flags.tolist() == flags_of(samples).tolist()


def test_one_piece_longer_than_a_batch_equals_small_ones(utterance: NDArray[np.float32]) -> None:
    samples = np.tile(utterance, 4)
    cuts = list(range(0, len(samples), 1600))
    assert len(flags_of(samples)) > 250
    assert in_chunks(samples, cuts, GateSettings()).tolist() == flags_of(samples).tolist()


@pytest.mark.parametrize("n_samples", [0, 1, 511, 512, 1023, 1024, 5000])
def test_a_flag_for_each_complete_frame(n_samples: int) -> None:
    flags = flags_of(np.zeros(n_samples, np.float32))
    assert flags.dtype == np.bool_
    assert flags.shape == (n_samples // 512,)


def test_reset_makes_a_new_stream(utterance: NDArray[np.float32]) -> None:
    gate = SpeechGate(RATE_HZ)
    first = gate.push(utterance)
    gate.push(noise(0.3)[:777])
    gate.reset()
    assert gate.push(utterance).tolist() == first.tolist()


def test_the_input_is_left_alone(utterance: NDArray[np.float32]) -> None:
    samples = utterance.copy()
    samples.flags.writeable = False
    assert flags_of(samples).any()
    np.testing.assert_array_equal(samples, utterance)


def test_speech_at_once_is_heard_at_once(utterance: NDArray[np.float32]) -> None:
    starting = utterance[int(np.argmax(np.abs(utterance) > 0.05)) :]
    assert speech_s(starting[:RATE_HZ]) >= MIN_SPEECH_S


@pytest.mark.parametrize("gain_db", [-38, -20, 0, 12, 24])
def test_speech_is_heard_at_any_level(utterance: NDArray[np.float32], gain_db: int) -> None:
    samples = np.clip(utterance * 10 ** (gain_db / 20), -1, 1).astype(np.float32)
    assert speech_s(samples) >= 1.0


def test_offset_and_hum_do_not_deafen(utterance: NDArray[np.float32]) -> None:
    samples = utterance + np.float32(0.2) + tone(50, 0.05, n_samples=len(utterance))
    assert speech_s(samples.astype(np.float32)) >= 1.0


@pytest.mark.parametrize("snr_db", [20, 10, 5])
def test_speech_in_noise_is_heard(utterance: NDArray[np.float32], snr_db: int) -> None:
    level = float(np.sqrt(np.mean(utterance**2))) * 10 ** (-snr_db / 20)
    samples = utterance + noise(level)[: len(utterance)]
    assert speech_s(samples) >= 1.0


def test_speech_is_heard_after_an_hour_of_noise(utterance: NDArray[np.float32]) -> None:
    gate = SpeechGate(RATE_HZ)
    hiss = noise(0.003, duration_s=60)
    for _ in range(60):
        flags = gate.push(hiss)
    assert not flags.any()
    assert gate.push(utterance).sum() * FRAME_S >= 1.0
    gate.push(np.zeros(RATE_HZ, np.float32))
    assert not gate.push(hiss).any()


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 24000, 32000, 44100, 48000])
def test_speech_is_heard_at_other_rates(utterance: NDArray[np.float32], rate_hz: int) -> None:
    seconds = np.arange(int(len(utterance) / RATE_HZ * rate_hz)) / rate_hz
    samples = np.interp(seconds, np.arange(len(utterance)) / RATE_HZ, utterance)
    gate = SpeechGate(rate_hz)
    flags = gate.push(samples.astype(np.float32))
    assert gate.frame_length == round(rate_hz * FRAME_S)
    assert flags.sum() * FRAME_S >= 1.0
    assert not SpeechGate(rate_hz).push(noise(0.1)).any()


N_QUIET = 10 * RATE_HZ
NOT_SPEECH = {
    "digital silence": np.zeros(N_QUIET, np.float32),
    "last bit flickers": np.where(noise(1.0) > 0, 1 / 32768, 0).astype(np.float32),
    "offset": np.full(N_QUIET, 0.3, np.float32),
    "offset and hiss": noise(0.001) + np.float32(0.1),
    "full scale white noise": np.clip(noise(1.0), -1, 1),
    "loud white noise": noise(0.1),
    "quiet white noise": noise(0.001),
    "brown noise": np.cumsum(noise(0.001) - noise(0.001).mean()).astype(np.float32),
    "mains hum": tone(50, 0.3, n_samples=N_QUIET),
    "hum with overtone": tone(50, 0.1, n_samples=N_QUIET) + tone(150, 0.03, n_samples=N_QUIET),
    "whistle": tone(1000, 0.1, n_samples=N_QUIET),
    "full scale square": np.sign(tone(220, 1.0, n_samples=N_QUIET)),
}


@pytest.mark.parametrize("kind", NOT_SPEECH)
def test_what_is_no_speech_is_not_heard(kind: str) -> None:
    windows = np.lib.stride_tricks.sliding_window_view(flags_of(NOT_SPEECH[kind]), 93)
    assert windows.sum(axis=1).max() * FRAME_S < MIN_SPEECH_S


def test_noise_that_starts_suddenly_is_not_speech_for_long() -> None:
    samples = np.concatenate([noise(0.0002, duration_s=5), noise(0.1, duration_s=10)])
    flags = flags_of(samples)
    assert flags.sum() * FRAME_S < MIN_SPEECH_S
    assert not flags[round(6 / FRAME_S) :].any()


@pytest.mark.parametrize(
    "name", ["running_tap", "exercise_bike", "pink_noise", "white_noise", "doing_the_dishes"]
)
def test_recorded_noise_is_mostly_not_heard(name: str) -> None:
    samples = recording(data_dir() / "noise-speechcommands" / f"{name}.flac")
    assert flags_of(samples).mean() < 0.1


def test_a_shut_gate_hears_nothing_and_an_open_one_more(utterance: NDArray[np.float32]) -> None:
    shut = GateSettings(lowest_level_dbfs=0.0)
    eager = GateSettings(enter_probability=0.05, leave_probability=0.02)
    assert not flags_of(utterance, settings=shut).any()
    assert flags_of(utterance, settings=eager).sum() > flags_of(utterance).sum()


def test_the_hangover_lengthens_each_stretch(utterance: NDArray[np.float32]) -> None:
    quiet = np.zeros(2 * RATE_HZ, np.float32)
    samples = np.concatenate([utterance, quiet])
    short = flags_of(samples, settings=GateSettings(hangover_s=0.0))
    long = flags_of(samples, settings=GateSettings(hangover_s=0.32))
    assert np.all(long[short])
    assert np.flatnonzero(long)[-1] == np.flatnonzero(short)[-1] + 10
    assert not long[-1]


def test_settings_from_a_table_report_every_fault() -> None:
    with pytest.raises(TableError) as caught:
        from_table(GateSettings, {"enter_probability": 2.0, "hangover": 1.0}, path="gate")
    assert [problem.path for problem in caught.value.problems] == [
        "gate.hangover",
        "gate.enter_probability",
    ]


def test_leaving_may_not_be_harder_than_entering() -> None:
    with pytest.raises(ValueError, match=r"leave_probability is 0\.5, above enter_probability"):
        GateSettings(enter_probability=0.4, leave_probability=0.5)


@pytest.mark.parametrize("rate_hz", [4000, 96000])
def test_an_impossible_rate_is_refused(rate_hz: int) -> None:
    with pytest.raises(SpecError, match=f"{rate_hz} Hz"):
        SpeechGate(rate_hz)
