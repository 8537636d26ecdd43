"""An hour as a strip: each twenty seconds show what matters most in them."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.labels import STATES
from edge.dashboard.drawing.balance import balance
from edge.dashboard.drawing.strip import N_BINS, Mark, bins, strip

BOX = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)h-(\d+)z")


def mark(begin_s: float, end_s: float, state: str) -> Mark:
    return Mark(begin_s=begin_s, end_s=end_s, state=state)


@pytest.mark.parametrize(
    ("marks", "shown"),
    [
        ([], None),
        ([mark(0, 20, "calm")], "calm"),
        ([mark(0, 20, "no_speech")], "no_speech"),
        ([mark(0, 18, "no_speech"), mark(18, 20, "angry")], "no_speech"),  # too little voice
        ([mark(0, 15, "no_speech"), mark(15, 20, "happy")], "happy"),
        ([mark(0, 15, "calm"), mark(15, 20, "sad")], "sad"),  # distress is not lost
        ([mark(0, 10, "sad"), mark(10, 20, "fearful")], "sad"),
        ([mark(0, 2, "surprised")], "surprised"),  # nothing else is known
        ([mark(0, 8, "calm"), mark(8, 20, "neutral")], "neutral"),
    ],
)
def test_what_twenty_seconds_show(marks: list[Mark], shown: str | None) -> None:
    found = bins(marks)
    assert found[0] == shown
    assert found[1:] == [None] * (N_BINS - 1)


MARKS = st.lists(
    st.tuples(st.floats(-100, 3700), st.floats(0, 4000), st.sampled_from(STATES)).map(
        lambda told: mark(told[0], told[0] + told[1], told[2])
    ),
    max_size=12,
)


@given(marks=MARKS, alarms=st.lists(st.floats(0, 3599), max_size=3))
def test_a_strip_draws_what_its_marks_show(marks: list[Mark], alarms: list[float]) -> None:
    drawn = ET.fromstring(strip(marks, alarms))
    shown: list[str | None] = [None] * N_BINS
    for path in drawn:
        state = path.attrib["class"].removeprefix("s-")
        for begin, top, width, height, back in BOX.findall(path.attrib["d"]):
            assert width == back
            assert int(top) + int(height) == 24
            for n in range(int(begin), int(begin) + int(width)):
                assert shown[n] is None
                shown[n] = state
    assert shown == bins(marks)
    assert sum(path.attrib["class"] == "mark" for path in drawn) == len(alarms)


@given(
    parts=st.lists(st.floats(0, 90_000), min_size=3, max_size=3),
)
def test_a_balance_keeps_within_its_bar(parts: list[float]) -> None:
    settled_s, distress_s, _ = parts
    drawn = ET.fromstring(balance(settled_s=settled_s, distress_s=distress_s, voice_s=sum(parts)))
    widths = {}
    for path in drawn:
        if found := re.match(r"M(\d+) 0h(\d+)v", path.attrib["d"]):
            assert int(found[1]) + int(found[2]) <= 60
            widths[path.attrib["class"]] = int(found[2])
    assert (widths["distress"] > 0) == (distress_s > 0)
    assert (widths["settled"] > 0) == (settled_s > 0)
