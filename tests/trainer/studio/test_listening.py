from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from edge.devices.recording import read_recording
from edge.dsp.level import rms_dbfs
from edge.dsp.resample import resample
from tests.support import data_dir, need
from tests.trainer.studio import sounds
from tests.trainer.studio.sounds import RATE_HZ
from trainer.studio.listening import LONGEST_S, PATIENCE_S, Take, TakeListener


def _listen(sound: np.ndarray, *, length: int = 960, n_lost: int = 0) -> tuple[Take, float]:
    """Return the take and the time at which the listener had enough."""
    listener = TakeListener(RATE_HZ)
    for block in sounds.blocks(sound, length=length, n_lost=n_lost):
        if listener.is_over:
            break
        listener.push(block)
    return listener.take(), listener.elapsed_s


@pytest.mark.parametrize("name", ["03a01Nc", "08a01Wa", "11a02Tc"])
def test_a_sentence_is_kept_whole_and_ended_by_silence(name: str) -> None:
    speech = sounds.sentence(name)
    sound = sounds.said(speech, before_s=1.5, after_s=4.0)
    take, elapsed_s = _listen(sound)
    end_s = 1.5 + len(speech) / RATE_HZ
    assert end_s + 1.0 < elapsed_s < end_s + 2.2
    start = int(np.flatnonzero(np.abs(speech) > 0.02)[0]) + round(1.5 * RATE_HZ)
    at = _place(take.samples, sound)
    assert at < start
    assert at + len(take.samples) > 1.5 * RATE_HZ + np.flatnonzero(np.abs(speech) > 0.02)[-1]
    assert at > 0, "the quiet second before it is cut off"


@pytest.mark.parametrize("snr_db", [25, 10])
def test_a_noisy_kitchen_neither_cuts_the_sentence_nor_keeps_the_listener(snr_db: int) -> None:
    path = data_dir() / "noise-speechcommands" / "doing_the_dishes.flac"
    need(path.is_file(), "noise-speechcommands")
    noise, rate_hz = read_recording(path)
    noise = resample(noise[: 20 * rate_hz], rate_in_hz=rate_hz, rate_out_hz=RATE_HZ)
    speech = sounds.sentence()
    gain_db = rms_dbfs(speech) - rms_dbfs(noise) - snr_db
    sound = noise[: 12 * RATE_HZ] * np.float32(10 ** (gain_db / 20))
    sound[RATE_HZ : RATE_HZ + len(speech)] += speech
    take, elapsed_s = _listen(sound)
    assert 1.0 + len(speech) / RATE_HZ < elapsed_s < 8.0
    assert len(take.samples) > len(speech) * 0.9


@settings(max_examples=8)
@given(st.integers(1, 5000))
def test_blocks_of_any_size_give_the_same_take(length: int) -> None:
    sound = sounds.said(sounds.sentence(), after_s=1.0)
    expected, _ = _listen(sound)
    take, _ = _listen(sound, length=length)
    assert np.array_equal(take.samples, expected.samples)
    assert take.speech_dbfs == expected.speech_dbfs


def test_the_level_of_the_speech_is_not_that_of_the_pauses() -> None:
    speech = sounds.sentence()
    take, _ = _listen(sounds.said(speech))
    loud = speech[np.flatnonzero(np.abs(speech) > 0.02)[0] :]
    assert take.speech_dbfs == pytest.approx(rms_dbfs(loud), abs=2.0)


def test_nobody_speaks() -> None:
    take, elapsed_s = _listen(sounds.room(PATIENCE_S + 3))
    assert elapsed_s == pytest.approx(PATIENCE_S, abs=0.1)
    assert take.speech_s == 0
    assert take.duration_s == pytest.approx(PATIENCE_S, abs=0.1)


def test_somebody_who_never_stops_is_stopped() -> None:
    n_times = round((LONGEST_S + 4) * RATE_HZ / len(sounds.sentence())) + 1
    take, elapsed_s = _listen(np.tile(sounds.sentence(), n_times))
    assert take.is_too_long
    assert elapsed_s == pytest.approx(LONGEST_S, abs=0.1)


def test_a_cough_does_not_end_the_take() -> None:
    speech = sounds.sentence()
    loudest = int(np.argmax(np.abs(speech)))
    cough = sounds.said(speech[loudest : loudest + RATE_HZ * 15 // 100], before_s=0.1, after_s=2.9)
    assert _listen(cough)[0].speech_s > 0.2, "the gate takes it for a voice"
    take, elapsed_s = _listen(np.concatenate([cough, sounds.said(speech)]))
    assert elapsed_s > 3.0 + len(speech) / RATE_HZ
    assert take.speech_s > 1.0


def test_lost_sound_is_counted() -> None:
    take, _ = _listen(sounds.said(sounds.sentence())[: RATE_HZ // 2], n_lost=7)
    assert take.n_lost == 7 * 25


def test_an_end_before_the_first_sample_is_an_empty_take() -> None:
    take = TakeListener(RATE_HZ).take()
    assert (len(take.samples), take.speech_s, take.duration_s) == (0, 0, 0)


def _place(part: np.ndarray, whole: np.ndarray) -> int:
    """Return where the samples of a part begin in the whole."""
    starts = np.flatnonzero(whole[: len(whole) - len(part) + 1] == part[0])
    found = [int(i) for i in starts if np.array_equal(whole[i : i + len(part)], part)]
    assert len(found) == 1
    return found[0]
