"""Raw PCM on a real pipe."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.devices.pcmstream import PcmStreamSource
from edge.errors import AudioDataError, SourceEnded
from tests.fakes.sources import drain


class Pipe:
    """Both ends of an operating system's pipe."""

    def __init__(self) -> None:
        read_end, self.write_end = os.pipe()
        self.stream = os.fdopen(read_end, "rb")

    def write(self, raw: bytes) -> None:
        os.write(self.write_end, raw)

    def hang_up(self) -> None:
        os.close(self.write_end)
        self.write_end = -1

    def close(self) -> None:
        if self.write_end >= 0:
            self.hang_up()
        self.stream.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def _source(pipe: Pipe, *, sample_format: str = "s16", n_channels: int = 1) -> PcmStreamSource:
    return PcmStreamSource(
        pipe.stream, sample_rate_hz=1000, n_channels=n_channels, sample_format=sample_format
    )


def test_an_unfinished_block_waits_for_its_rest(pipe: Pipe) -> None:
    source = _source(pipe)
    pcm = np.arange(20, dtype="<i2").tobytes()
    pipe.write(pcm[:7])
    assert source.read(timeout_s=0.01) is None
    pipe.write(pcm[7:])
    block = source.read(timeout_s=0.01)
    assert block is not None
    assert (block.samples * 32768).tolist() == list(range(20))


def test_the_last_block_may_be_short_and_odd_bytes_are_told(
    pipe: Pipe, caplog: pytest.LogCaptureFixture
) -> None:
    source = _source(pipe)
    pipe.write(np.arange(23, dtype="<i2").tobytes() + b"\x7f")
    pipe.hang_up()
    blocks = [source.read(timeout_s=1), source.read(timeout_s=1)]
    assert [len(block.samples) for block in blocks if block] == [20, 3]
    with caplog.at_level(logging.WARNING), pytest.raises(SourceEnded):
        source.read(timeout_s=1)
    assert "1 bytes are dropped" in caplog.text


@pytest.mark.parametrize(
    ("sample_format", "dtype", "scale"),
    [("s16", "<i2", 2**15), ("s32", "<i4", 2**31), ("f32", "<f4", 1)],
)
def test_formats(pipe: Pipe, sample_format: str, dtype: str, scale: float) -> None:
    source = _source(pipe, sample_format=sample_format, n_channels=2)
    frames = np.array([[0.5, 0.25], [-1.0, 0.0]] * 10) * scale
    pipe.write(frames.astype(dtype).tobytes())
    block = source.read(timeout_s=1)
    assert block is not None
    assert block.samples.tolist() == [0.375, -0.5] * 10


def test_bytes_that_are_no_floats_are_refused(pipe: Pipe) -> None:
    source = _source(pipe, sample_format="f32")
    pipe.write(np.full(20, np.nan, "<f4").tobytes())
    with pytest.raises(AudioDataError, match="raw stream: sample 0"):
        source.read(timeout_s=1)


@given(cuts=st.lists(st.integers(1, 60), max_size=30))
def test_however_the_writer_cuts_it_the_sound_is_the_same(cuts: list[int]) -> None:
    pipe = Pipe()
    source = _source(pipe)
    pcm = np.arange(sum(cuts), dtype="<u1").tobytes()
    heard = []
    position = 0
    for cut in cuts:
        pipe.write(pcm[position : position + cut])
        position += cut
        while (block := source.read(timeout_s=0)) is not None:
            heard.append(block.samples)
    pipe.hang_up()
    heard += [block.samples for block in drain(source)]
    pipe.close()
    expected = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / 32768
    assert np.array_equal(np.concatenate([np.zeros(0), *heard]), expected)
