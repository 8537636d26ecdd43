from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge.cli import main
from edge.contract.labels import EMOTIONS
from edge.errors import EXIT_BAD_DATA, EXIT_IO, EXIT_OK, EXIT_USAGE
from tests.fakes.sound import SAMPLE, bundled, sample
from tests.support import need


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_json_line_a_file_in_the_order_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quiet, broken = tmp_path / "quiet.wav", tmp_path / "broken.wav"
    soundfile.write(quiet, np.zeros(16000, np.float32), 16000)
    broken.write_text("no sound")
    files = [str(quiet), str(broken), str(SAMPLE), str(tmp_path / "absent.wav")]
    assert main(["analyze", "--json", *files]) == EXIT_BAD_DATA
    found = lines(capsys)
    assert [line["file"] for line in found] == files
    assert [set(found[i]) for i in (1, 3)] == [{"file", "error"}] * 2
    assert found[0]["label"] is None
    speech = found[2]
    assert list(speech) == [
        "file",
        "duration_s",
        "speech_s",
        "label",
        "confidence",
        "probabilities",
        "windows",
        "model",
    ]
    assert speech["label"] in EMOTIONS
    assert speech["model"] == {
        "name": bundled().manifest.name,
        "version": bundled().manifest.version,
        "sha256": bundled().sha256,
    }


@pytest.mark.parametrize(
    ("rate_hz", "n_channels", "subtype"),
    [
        (8000, 1, "PCM_16"),
        (44100, 2, "PCM_24"),
        (48000, 6, "FLOAT"),
        (96000, 1, "PCM_32"),
        (16000, 1, "PCM_U8"),
    ],
)
def test_any_rate_channels_and_width(
    rate_hz: int,
    n_channels: int,
    subtype: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    n = 2 * rate_hz
    noise = np.random.default_rng(0).normal(0, 0.05, (n, n_channels)).astype(np.float32)
    path = tmp_path / "x.wav"
    soundfile.write(path, noise, rate_hz, subtype=subtype)
    assert main(["analyze", "--json", str(path)]) == EXIT_OK
    (found,) = lines(capsys)
    assert found["duration_s"] == 2.0


def test_the_same_sound_in_another_file_has_the_same_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.wav"
    soundfile.write(copy, sample(), 16000, subtype="PCM_16")
    assert main(["analyze", "--json", str(SAMPLE), str(copy)]) == EXIT_OK
    first, second = ({**line, "file": ""} for line in lines(capsys))
    assert first == second


@pytest.mark.parametrize("n", [1, 2, 100])
def test_very_short_files(n: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, np.full(n, 0.5, np.float32), 16000)
    assert main(["analyze", "--json", str(path)]) == EXIT_OK
    assert lines(capsys)[0]["label"] is None


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(SAMPLE)]) == EXIT_OK
    text = capsys.readouterr().out
    assert "s of speech in" in text
    assert all(emotion in text for emotion in EMOTIONS)


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    need(_has_matplotlib(), "matplotlib")
    target = tmp_path / "plot.png"
    assert main(["analyze", str(SAMPLE), "--plot", str(target)]) == EXIT_OK
    assert target.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(1000, np.float32), 16000)
    assert main(["analyze", str(silence), "--plot", str(target)]) == EXIT_OK


def test_a_plot_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need(_has_matplotlib(), "matplotlib")
    target = tmp_path / "absent" / "plot.png"
    assert main(["analyze", str(SAMPLE), "--plot", str(target)]) == EXIT_IO
    assert "the plot cannot be written" in capsys.readouterr().err


def test_a_plot_shows_one_recording(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "a.wav", "b.wav", "--plot", "x.png"]) == EXIT_USAGE
    assert "--plot draws one recording, 2 were named" in capsys.readouterr().err


def test_analysing_imports_nothing_heavy_and_no_device() -> None:
    code = (
        "import sys; from edge.cli import main; "
        f"main(['analyze', '--json', {str(SAMPLE)!r}]); "
        "print(sorted(sys.modules.keys() & {'pyaudio', 'gpiozero', 'matplotlib', 'sqlite3', "
        "'scipy.signal', 'librosa', 'tensorflow'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def _has_matplotlib() -> bool:
    return importlib.util.find_spec("matplotlib") is not None
