"""`ser-trainer parity` as people run it: specifications of their own, recordings of their own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support import REPOSITORY, data_dir
from trainer.cli import main

SAMPLE = REPOSITORY / "edge" / "samples" / "room.flac"
RECIPE = REPOSITORY / "trainer" / "recipes" / "default.toml"

STREAMED = """\
sample_rate_hz = 16000
framing = { n_fft = 512, win_length = 400, hop_length = 160, window = "hann", padding = "none" }
layout = { kind = "image", n_frames = 100 }
norm = { kind = "none" }

[[blocks]]
kind = "mfcc"
n_mfcc = 13
lifter = 22
mel = { n_mels = 40, fmin_hz = 0.0, fmax_hz = 8000.0, scale = "htk", norm = "slaney" }
decibel = { amin = 1e-10, ref = "one" }

[[blocks]]
kind = "zcr"
threshold = 0.0
zero_pos = true

[[blocks]]
kind = "rms"
"""

CENTRED = {
    "sample_rate_hz": 22050,
    "framing": {
        "n_fft": 2048,
        "win_length": 2048,
        "hop_length": 512,
        "window": "hann",
        "padding": "reflect",
    },
    "blocks": [
        {"kind": "chroma", "n_chroma": 12, "spectrum": "power", "tuning": None},
        {"kind": "centroid"},
    ],
    "layout": {"kind": "pooled", "statistics": ["mean", "std"], "window_s": 3.0},
    "norm": {"kind": "none"},
}


@pytest.fixture
def streamed(tmp_path: Path) -> Path:
    path = tmp_path / "streamed.toml"
    path.write_text(STREAMED)
    return path


@pytest.fixture
def centred(tmp_path: Path) -> Path:
    path = tmp_path / "centred.json"
    path.write_text(json.dumps(CENTRED))
    return path


def parity(*arguments: str | Path) -> int:
    return main(["parity", *map(str, arguments)])


def recording() -> Path:
    return min(data_dir().glob("ravdess/Actor_01/*.flac"))


def test_recordings_are_rows_with_a_verdict(
    streamed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parity("--spec", streamed, SAMPLE, recording()) == 0
    kinds, bounds, *rows = capsys.readouterr().out.splitlines()
    assert kinds.split() == ["recording", "mfcc", "zcr", "rms"]
    assert bounds.split() == ["at", "most", "0.002", "0", "0.0001"]
    names = [row.split()[0] for row in rows]
    assert names == [str(SAMPLE), "streamed", str(recording()), "streamed"]
    assert all(row.endswith("  ok") for row in rows)
    n_cells = [len(row.split()) for row in rows]
    assert n_cells == [5, 5, 5, 5]


def test_spec_that_cannot_be_streamed_has_one_row_a_recording(
    centred: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parity("--spec", centred, SAMPLE) == 0
    kinds, _, row = capsys.readouterr().out.splitlines()
    assert kinds.split() == ["recording", "chroma", "centroid"]
    assert row.endswith("  ok")


def test_without_recordings_the_made_sounds_are_compared(
    streamed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parity("--spec", streamed) == 0
    told = capsys.readouterr().out
    assert "rms, librosa and stream" in told
    assert "impulse" in told


def test_the_features_of_a_recipe_will_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert parity("--spec", RECIPE, SAMPLE) == 0
    by_file = capsys.readouterr().out
    assert parity("--recipe", "default", SAMPLE) == 0
    assert capsys.readouterr().out == by_file


@pytest.mark.parametrize("n_samples", [1, 200])
def test_sounds_shorter_than_a_frame_are_compared(
    n_samples: int, streamed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = tmp_path / "short.wav"
    soundfile.write(short, np.full(n_samples, 0.1, np.float32), 16000)
    assert parity("--spec", streamed, short) == 0
    assert capsys.readouterr().out.count("  ok") == 2


def test_what_cannot_be_read_is_a_row_and_the_others_still_run(
    streamed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parity("--spec", streamed, REPOSITORY / "README.md", "absent.wav", SAMPLE) == 65
    told = capsys.readouterr()
    _, _, no_sound, absent, *readable = told.out.splitlines()
    assert "FAIL  recording" in no_sound
    assert "cannot be decoded" in no_sound
    assert "absent.wav does not exist" in absent
    assert [row.endswith("  ok") for row in readable] == [True, True]
    assert told.err == ("ser-trainer: 2 of 3 recordings could not be read; the table says why\n")


def test_difference_beyond_its_bound_fails(
    streamed: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainer.features import parity as comparison

    monkeypatch.setattr(comparison, "MFCC_BOUND", 1e-12)
    assert parity("--spec", streamed, SAMPLE) == 65
    told = capsys.readouterr()
    assert told.out.count("  FAIL") == 2
    assert "mfcc, librosa and edge of" in told.err or "mfcc, librosa and stream of" in told.err


@pytest.mark.parametrize(
    ("name", "text", "code", "message"),
    [
        ("absent.toml", None, 66, "absent.toml cannot be read (No such file or directory)"),
        ("broken.toml", "blocks = [", 65, "broken.toml is not valid TOML: "),
        ("broken.json", '{"blocks": [}', 65, "broken.json is not valid JSON: "),
        ("list.json", "[1]", 65, "list.json cannot be used: features: expected a table"),
        ("empty.toml", "", 65, "features.sample_rate_hz: missing"),
        (
            "typo.toml",
            STREAMED.replace("n_mfcc = 13", "n_mfc = 13"),
            65,
            "features.blocks[0].n_mfc: unknown key, did you mean 'n_mfcc'?",
        ),
        (
            "impossible.toml",
            STREAMED.replace("n_mfcc = 13", "n_mfcc = 99"),
            65,
            "impossible.toml cannot be used: ",
        ),
        ("bytes.toml", "\x00\udcff", 65, "bytes.toml is not valid TOML: "),
    ],
)
def test_wrong_specifications_are_one_sentence_and_a_code(
    name: str,
    text: str | None,
    code: int,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if text is not None:
        (tmp_path / name).write_bytes(text.encode(errors="surrogateescape"))
    assert parity("--spec", tmp_path / name, SAMPLE) == code
    told = capsys.readouterr()
    assert told.err.startswith("ser-trainer: specification ")
    assert message in told.err
    assert told.err.count("\n") == 1
    assert not told.out


def test_a_recipe_and_a_specification_exclude_each_other(
    streamed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parity("--recipe", "default", "--spec", streamed)
    assert caught.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
