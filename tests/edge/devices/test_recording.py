"""Recordings of every kind, the good ones and the bad ones."""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.devices.recording import Pace, RecordingSource, pieces, read_recording
from edge.errors import AudioDataError, NoInputError, SerError, SourceEnded
from tests.fakes.sources import FakeClock, drain
from tests.support import REPOSITORY, data_dir, need

soundfile = pytest.importorskip("soundfile")
TONE = (np.sin(np.arange(4800) / 9) * 0.5).astype(np.float32)


def _write(
    path: Path, samples: np.ndarray, *, rate_hz: int = 16000, subtype: str = "PCM_16"
) -> Path:
    soundfile.write(path, samples, rate_hz, subtype=subtype)
    return path


@pytest.mark.parametrize(
    ("suffix", "subtype", "tolerance"),
    [
        (".wav", "PCM_U8", 1 / 128),
        (".wav", "PCM_16", 1 / 32768),
        (".wav", "PCM_24", 1e-6),
        (".wav", "PCM_32", 1e-7),
        (".wav", "FLOAT", 0),
        (".flac", "PCM_16", 1 / 32768),
        (".flac", "PCM_24", 1e-6),
        (".ogg", "VORBIS", 0.1),
    ],
)
@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 96000])
def test_formats_and_rates(
    tmp_path: Path, suffix: str, subtype: str, tolerance: float, rate_hz: int
) -> None:
    path = _write(tmp_path / f"tone{suffix}", TONE, rate_hz=rate_hz, subtype=subtype)
    samples, rate = read_recording(path)
    assert rate == rate_hz
    assert samples.dtype == np.float32
    assert samples.shape == TONE.shape
    assert np.abs(samples - TONE).max() <= tolerance


@pytest.mark.parametrize("n_channels", [2, 6])
def test_channels_are_averaged(tmp_path: Path, n_channels: int) -> None:
    frames = np.zeros((480, n_channels), np.float32)
    frames[:, -1] = 0.75
    samples, _ = read_recording(_write(tmp_path / "many.wav", frames, subtype="FLOAT"))
    assert samples == pytest.approx(np.full(480, 0.75 / n_channels))


@given(n_samples=st.integers(1, 2000), block_ms=st.integers(1, 60), piece=st.integers(1, 3000))
def test_blocks_and_pieces_make_up_the_whole(
    n_samples: int, block_ms: int, piece: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.wav"
    _write(path, TONE[:n_samples], subtype="FLOAT")
    source = RecordingSource(path, block_ms=block_ms)
    blocks = [block.samples for block in drain(source)]
    source.close()
    whole = TONE[:n_samples]
    assert all(len(block) == 16 * block_ms for block in blocks[:-1])
    assert np.array_equal(np.concatenate(blocks), whole)
    assert np.array_equal(np.concatenate([p for p, _ in pieces(path, piece_frames=piece)]), whole)


def test_real_time_gives_each_block_when_it_is_due(tmp_path: Path) -> None:
    clock = FakeClock()
    path = _write(tmp_path / "tone.wav", TONE[:800])  # 50 ms: blocks of 20, 20 and 10 ms
    source = RecordingSource(
        path, pace=Pace.REAL_TIME, monotonic=clock.monotonic, sleep=clock.sleep
    )
    came_at_ms = []
    while len(came_at_ms) < 3:
        if source.read(timeout_s=0.008):
            came_at_ms.append(round((clock.now_s - 1000) * 1000, 3))
    assert came_at_ms == [20, 40, 50]
    with pytest.raises(SourceEnded):
        source.read(timeout_s=0.008)


def test_real_time_catches_up_after_a_pause(tmp_path: Path) -> None:
    clock = FakeClock()
    source = RecordingSource(
        _write(tmp_path / "tone.wav", TONE[:960]),
        pace=Pace.REAL_TIME,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )
    assert source.read(timeout_s=1) is not None
    clock.sleep(10)
    before_s = clock.now_s
    assert source.read(timeout_s=1) is not None
    assert source.read(timeout_s=1) is not None
    assert clock.now_s == before_s


def test_an_hour_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "hour.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        for _ in range(60):
            file.writeframes(bytes(2 * 16000 * 60))
    code = (
        "import sys, edge.devices.recording as r\n"
        "n = sum(len(s) for s, _ in r.pieces(sys.argv[1]))\n"
        "assert n == 3600 * 16000, n\n"
    )
    limit = 400 * 2**20  # address space; the whole hour would be 230 MB of float32, twice
    subprocess.run(
        [sys.executable, "-c", code, str(path)],
        check=True,
        cwd=REPOSITORY,
        timeout=60,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
    )


def _half(path: Path, source: Path) -> Path:
    content = source.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def _float_with(value: float) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        samples = TONE.copy()
        samples[321] = value
        return _write(folder / "odd.wav", samples, subtype="FLOAT")

    return make


def _file(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


def _header_only(folder: Path) -> Path:
    return _write(folder / "nothing.wav", TONE[:0])


def _half_a_flac(folder: Path) -> Path:
    long = np.random.default_rng(1).normal(0, 0.1, 160_000).astype(np.float32)
    return _half(folder / "half.flac", _write(folder / "whole.flac", long))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_file("empty.wav", b""), r"empty\.wav is empty \(0 bytes\)"),
        (_file("text.wav", b"this is no sound\n" * 20), r"text\.wav is no recording"),
        (_file("short.wav", b"RIFF\x24\0\0\0WAVEfm"), r"short\.wav is no recording"),
        (_header_only, r"nothing\.wav has no sound in it \(0 samples\)"),
        (_half_a_flac, r"half\.flac is damaged: it breaks off at about \d+\.\d\d s of 10\.00 s"),
        (_float_with(np.nan), r"sample 321 \(at 0\.020 s\) is nan; no sound has such a value"),
        (_float_with(np.inf), r"sample 321 .* is inf"),
        (_float_with(-np.inf), r"sample 321 .* is -inf"),
        (_float_with(32768.0), r"sample 321 .* is 32768; full scale is 1"),
        (lambda folder: folder, r"is a folder; name a recording in it"),
    ],
)
def test_what_is_no_sound_is_named(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    with pytest.raises(AudioDataError, match=words) as caught:
        read_recording(make(tmp_path))
    assert caught.value.exit_code == 65


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"there is no file .*gone\.wav") as caught:
        RecordingSource(tmp_path / "gone.wav")
    assert caught.value.exit_code == 66


def test_a_forbidden_file(tmp_path: Path) -> None:
    path = _write(tmp_path / "secret.wav", TONE)
    path.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)  # root reads everything; "nobody" does not
    try:
        need(not os.access(path, os.R_OK, effective_ids=True), "a user who is refused")
        with pytest.raises(NoInputError):
            read_recording(path)
    finally:
        if is_root:
            os.seteuid(0)


def test_samples_beyond_full_scale_are_kept(tmp_path: Path) -> None:
    loud = TONE * 6
    samples, _ = read_recording(_write(tmp_path / "loud.wav", loud, subtype="FLOAT"))
    assert np.array_equal(samples, loud)


def test_one_sample_is_sound(tmp_path: Path) -> None:
    samples, _ = read_recording(_write(tmp_path / "one.wav", TONE[1:2], subtype="FLOAT"))
    assert samples.tolist() == [TONE[1]]


def test_a_truncated_wav_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    half = _half(tmp_path / "half.wav", _write(tmp_path / "whole.wav", TONE, subtype="FLOAT"))
    samples, _ = read_recording(half)
    assert len(TONE) * 0.4 < len(samples) < len(TONE) * 0.6
    assert np.array_equal(samples, TONE[: len(samples)])


def test_a_file_that_ends_before_its_announced_length_is_damaged(tmp_path: Path) -> None:
    need("MP3" in soundfile.available_formats(), "MP3 in libsndfile")
    whole = tmp_path / "whole.mp3"
    soundfile.write(whole, np.random.default_rng(1).normal(0, 0.1, 160_000), 16000)
    with pytest.raises(AudioDataError, match=r"breaks off at about .* \(it ends too early\)"):
        read_recording(_half(tmp_path / "half.mp3", whole))


def test_damage_in_the_middle_comes_after_the_good_part(tmp_path: Path) -> None:
    source = RecordingSource(_half_a_flac(tmp_path))
    for _ in range(40_000 // 320):
        assert source.read(timeout_s=0) is not None
    with pytest.raises(AudioDataError, match="breaks off"):
        drain(source)
    source.close()


@pytest.fixture
def without_soundfile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)


@pytest.mark.parametrize(
    ("subtype", "tolerance"), [("PCM_16", 1 / 32768), ("PCM_24", 1e-6), ("PCM_32", 1e-7)]
)
@pytest.mark.usefixtures("without_soundfile")
def test_plain_wav_needs_no_soundfile(tmp_path: Path, subtype: str, tolerance: float) -> None:
    stereo = np.stack([TONE, TONE], axis=1)
    samples, rate_hz = read_recording(_write(tmp_path / "tone.wav", stereo, subtype=subtype))
    assert rate_hz == 16000
    assert np.abs(samples - TONE).max() <= tolerance


@pytest.mark.parametrize(
    ("name", "subtype", "words"),
    [
        ("tone.flac", "PCM_16", "no plain PCM WAV file .*`pip install soundfile`"),
        ("tone.wav", "FLOAT", "no plain PCM WAV file .*`pip install soundfile`"),
        ("tone.wav", "PCM_U8", "8-bit samples; without soundfile only 16, 24 and 32 bits"),
    ],
)
@pytest.mark.usefixtures("without_soundfile")
def test_others_say_that_soundfile_is_needed(
    tmp_path: Path, name: str, subtype: str, words: str
) -> None:
    with pytest.raises(AudioDataError, match=words):
        read_recording(_write(tmp_path / name, TONE, subtype=subtype))


@given(content=st.binary(max_size=200))
def test_any_bytes_are_sound_or_one_clear_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.wav"
    data = struct.pack("<4sI4s", b"RIFF", 4 + len(content), b"WAVE") + content
    path.write_bytes(data)
    try:
        samples, _ = read_recording(path)
    except SerError as error:
        assert str(path) in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert len(samples)


def test_real_recordings_are_read(tmp_path: Path) -> None:
    for path in sorted((data_dir() / "crema-d-sample").glob("*.flac"))[:5]:
        samples, rate_hz = read_recording(path)
        assert rate_hz == 16000
        assert 1 < len(samples) / rate_hz < 6
        assert 0.001 < np.abs(samples).max() <= 1
