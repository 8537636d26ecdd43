"""Numbers as people read them."""

from __future__ import annotations

import pytest

from trainer.report import wording


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (wording.percent(0.664), "66.4\u202f%"),
        (wording.percent(0.664, 0), "66\u202f%"),
        (wording.percent(None), wording.NOTHING),
        (wording.bare(1.0), "100.0"),
        (wording.bare(-0.0001), "0.0"),
        (wording.points(0.007), "+0.7"),
        (wording.points(-0.0126), "\N{MINUS SIGN}1.3"),
        (wording.points(-0.0001), "0.0"),
        (wording.points(None), wording.NOTHING),
        (wording.interval([0.6, 0.72]), "60.0 to 72.0\u202f%"),
        (wording.interval([-0.02, 0.01], "points"), "\N{MINUS SIGN}2.0 to +1.0"),
        (wording.interval(None), wording.NOTHING),
        (wording.decimals(0.0871), "0.087"),
        (wording.decimals(None), wording.NOTHING),
        (wording.size(103304), "103.3\u202fkB"),
        (wording.count(90213), "90\u202f213"),
        (wording.of_hundred(0.125), "13 of 100"),
        (wording.day("2026-11-21T00:13:59Z"), "21 November 2026, 00:13 UTC"),
        (wording.day("long ago"), "long ago"),
        (wording.disturbance({"kind": "clean", "value": None}), "clean"),
        (wording.disturbance({"kind": "snr", "value": 5.0}), "noise, SNR 5 dB"),
        (wording.disturbance({"kind": "t60", "value": 0.4}), "echo, T60 0.4 s"),
    ],
)
def test_wording(told: str, expected: str) -> None:
    assert told == expected


def test_nested_tables_become_pairs() -> None:
    table = {"a": 1, "b": {"c": None, "d": [1, 2]}, "e": [{"f": "x"}, {"f": "y"}]}
    assert wording.flat(table) == [
        ("a", "1"),
        ("b.c", "none"),
        ("b.d", "1, 2"),
        ("e.1.f", "x"),
        ("e.2.f", "y"),
    ]
