"""The self-test as a push starts it: a real process, and models that really misbehave."""

from __future__ import annotations

import time

import pytest

from edge.errors import ProbeError
from edge.store.examiner import Limits, examine
from tests.edge.store import crafted
from tests.edge.store.models import kitchen, manifest, packed
from tests.fakes.sound import bundled


def examined(folder, content, **limits):
    path = folder / "model.tflite"
    path.write_bytes(content)
    return examine(path, limits=Limits(**limits))


def test_a_good_model_passes_and_says_how_long_it_takes(tmp_path):
    found = examined(tmp_path, kitchen("1.0"))
    assert found.manifest == manifest(version="1.0")
    assert found.golden_cases == tuple(case.name for case in bundled().golden)
    assert 0 < found.latency_ms < found.hop_ms == 500.0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (crafted.crashing, crafted.CRASHED),
        (crafted.mistaken, "golden case .* is off by"),
        (crafted.without_golden_cases, "brings no golden case"),
        (crafted.too_new, "needs [A-Z0-9_]+ version 99, which .* does not have"),
        (lambda: kitchen("1.0")[:-2000], "breaks off"),
        (lambda: crafted.flipped(kitchen("1.0")), "the network has SHA-256"),
        (lambda: packed(labels=("female", "male")), "tells the speaker's sex"),
        (lambda: b"#!/bin/sh\n", "is no TFLite model"),
    ],
)
def test_a_bad_model_is_refused_in_one_sentence(tmp_path, make, sentence):
    with pytest.raises(ProbeError, match=sentence) as caught:
        examined(tmp_path, make())
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_slow_model_is_refused_though_every_answer_is_right(tmp_path):
    with pytest.raises(ProbeError, match=r"is too slow for this device: 50 ms of sound took it"):
        examined(tmp_path, crafted.slow(), memory_mb=2000)


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"cpu_s": 2}, "took more than 2 s of processor time"),
        ({"wall_s": 4}, "did not finish its self-test within 4 s"),
    ],
)
def test_a_hanging_model_is_ended(tmp_path, limits, sentence):
    began_s = time.monotonic()
    with pytest.raises(ProbeError, match=sentence):
        examined(tmp_path, crafted.hanging(), **limits)
    assert time.monotonic() - began_s < Limits().cpu_s


def test_a_model_that_wants_all_memory_gets_none(tmp_path):
    with pytest.raises(ProbeError, match=r"needs more than 6\d MB of memory"):
        examined(tmp_path, crafted.greedy(), memory_mb=64)


def test_the_same_model_passes_with_memory_enough_to_look_at_it(tmp_path):
    with pytest.raises(ProbeError, match="golden case 'huge' is off by"):
        examined(tmp_path, crafted.greedy(2**22), memory_mb=1500)


@pytest.mark.parametrize(
    ("death", "sentence"),
    [
        ("kill -SEGV $$", r"crashed its self-test \(SIGSEGV\)"),
        ("kill -40 $$", r"crashed its self-test \(signal 40\)"),
        ("kill -XCPU $$", "took more than 60 s of processor time"),
        ("echo went mad >&2; exit 3", "ended with exit code 3: went mad"),
        ("exit 0", "ended with exit code 0: it said nothing"),
    ],
)
def test_every_death_is_told(tmp_path, monkeypatch, death, sentence):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{death}\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    with pytest.raises(ProbeError, match=sentence):
        examined(tmp_path, b"")
