"""A recording as pictures: what is drawn is where the sound is."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from edge.dashboard.drawing import clip

RATE_HZ = 16_000
CELL = re.compile(r"M(\d+) (\d+)h(\d+)v")


def tone(frequency_hz: float, *, seconds: float = 1.0) -> Any:
    at_s = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    return (0.5 * np.sin(2 * np.pi * frequency_hz * at_s)).astype(np.float32)


def loudest(samples: Any) -> list[tuple[int, int, int]]:
    """Return place and width of what is drawn brightest: left, top, width."""
    drawn = ET.fromstring(clip.spectrogram(samples, RATE_HZ))
    brightest = [path for path in drawn if path.attrib["class"] == "m7"]
    return [tuple(map(int, box)) for path in brightest for box in CELL.findall(path.attrib["d"])]


def test_high_tones_stand_above_low_ones() -> None:
    tops = [min(top for _, top, _ in loudest(tone(hz))) for hz in (200, 800, 3000, 7000)]
    assert tops == sorted(tops, reverse=True)
    assert len(set(tops)) == 4


def test_time_goes_to_the_right() -> None:
    quiet = np.zeros(RATE_HZ, np.float32)
    first = loudest(np.concatenate([tone(800), quiet]))
    last = loudest(np.concatenate([quiet, tone(800)]))
    assert max(left + width for left, _, width in first) <= clip.WIDTH / 2 + 12
    assert min(left for left, _, _ in last) >= clip.WIDTH / 2 - 12


@pytest.mark.parametrize("n_samples", [1, 2, 599, 600, 601, 100_000])
def test_waveform_has_its_peaks(n_samples: int) -> None:
    samples = np.zeros(n_samples, np.float32)
    samples[-1] = 1.0
    [path] = ET.fromstring(clip.waveform(samples))
    points = re.findall(r"[ML](\d+) (\d+)", path.attrib["d"])
    assert max(int(x) for x, _ in points) <= clip.WIDTH
    assert min(int(y) for _, y in points) == 0


def test_a_line_is_broken_where_nobody_speaks() -> None:
    points = ((0.0, 0.2), (1.0, 0.9), (2.0, None), (3.0, 0.4), (4.0, 0.4))
    line = clip.Line(state="angry", points=points, is_strong=True)
    drawn = ET.fromstring(clip.emotions([line], 4.0))
    [group] = [one for one in drawn if one.tag == "g"]
    stroke, *shapes = group
    assert group.attrib["class"] == "line strong"
    assert stroke.attrib["d"].count("M") == 2
    assert len(shapes) == 4
    heights = [float(y) for y in re.findall(r"\d+ (\d+)", stroke.attrib["d"])]
    assert heights[1] == min(heights)
