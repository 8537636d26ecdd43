from __future__ import annotations

import json
from typing import Any

import pytest

from edge.contract.layouts import percentile
from edge.contract.spec import FeatureSpec
from edge.errors import SpecError
from tests.fakes.specs import BLOCKS, spec, spec_table

CONTRAST, PITCH = BLOCKS["contrast"], BLOCKS["pitch"]


@pytest.mark.parametrize("name", BLOCKS)
def test_to_dict_and_from_dict_are_inverse(name: str) -> None:
    made = spec(blocks=[BLOCKS[name]])
    assert FeatureSpec.from_dict(json.loads(json.dumps(made.to_dict()))) == made


def test_every_option_changes_the_fingerprint() -> None:
    prints = {spec(blocks=[block]).fingerprint() for block in BLOCKS.values()}
    assert len(prints) == len(BLOCKS)


@pytest.mark.parametrize(
    ("name", "width"),
    [("mfcc", 13), ("chroma", 12), ("contrast", 6), ("pitch", 2), ("rms", 1), ("delta", 13)],
)
def test_widths(name: str, width: int) -> None:
    assert spec(blocks=[BLOCKS[name]]).n_features == width


CLIP_LEVEL = {name for name in BLOCKS if "clip" in name or "tuned" in name or "delta" in name}


@pytest.mark.parametrize("name", BLOCKS)
def test_what_looks_at_the_whole_clip_is_not_streamed(name: str) -> None:
    assert spec(blocks=[BLOCKS[name]]).streamable == (name not in CLIP_LEVEL | {"contrast"})


def with_framing(**changes: Any) -> dict[str, Any]:
    return spec_table(framing=spec_table()["framing"] | changes)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (spec_table(blocks=[BLOCKS["delta"] | {"width": 8}]), "width is 8, expected an odd number"),
        (spec_table(blocks=[BLOCKS["delta"] | {"order": 3}]), "3 is not possible, known are: 1, 2"),
        (spec_table(blocks=[BLOCKS["delta"] | {"of": BLOCKS["delta"]}]), "'delta' is unknown"),
        (
            spec_table(blocks=[BLOCKS["delta"] | {"of": BLOCKS["mfcc"] | {"n_mfcc": 99}}]),
            "n_mfcc is 99, expected 1 to n_mels = 64",
        ),
        (spec_table(blocks=[CONTRAST | {"n_bands": 7}]), "begins at 12800 Hz, expected less than"),
        (spec_table(blocks=[CONTRAST | {"fmin_hz": 20.0}]), "at least 31.25"),
        (spec_table(blocks=[CONTRAST | {"n_bands": 0}]), "n_bands is 0, expected at least 1"),
        (spec_table(blocks=[CONTRAST | {"quantile": 1.0}]), "quantile is 1, expected more than 0"),
        (spec_table(blocks=[PITCH | {"fmin_hz": 50.0}]), "less than two periods of 50 Hz"),
        (spec_table(blocks=[PITCH | {"fmax_hz": 9000.0}]), "80 to 9000 Hz, expected a rising span"),
        (spec_table(blocks=[PITCH | {"fmax_hz": 81.0}]), "no three periods lie between 80 and 81"),
        (spec_table(blocks=[PITCH | {"trough_threshold": 0.0}]), "trough_threshold is 0"),
        (
            spec_table(blocks=[BLOCKS["rolloff"] | {"percent": 85.0}]),
            "percent is 85, expected more",
        ),
        (spec_table(blocks=[BLOCKS["zcr"] | {"threshold": -1.0}]), "threshold is -1"),
        (
            spec_table(blocks=[BLOCKS["flatness"] | {"amin": 0.0}]),
            "amin is 0, expected more than 0",
        ),
        (spec_table(blocks=[BLOCKS["bandwidth"] | {"p": 0.0}]), "p is 0, expected more than 0"),
        (spec_table(blocks=[BLOCKS["chroma"] | {"n_chroma": 0}]), "n_chroma is 0"),
        (
            with_framing(n_fft=513, win_length=513) | {"blocks": [BLOCKS["chroma"]]},
            "n_fft is 513, but chroma needs an even one",
        ),
        (with_framing(n_fft=0, win_length=0) | {"blocks": [CONTRAST]}, "n_fft is 0"),
        (
            with_framing(padding="reflect") | {"layout": {"kind": "image", "n_frames": 1}},
            "n_frames is 1, expected at least 2",
        ),
        (
            spec_table(layout={"kind": "pooled", "statistics": ["p101"], "window_s": 3.0}),
            "the statistic 'p101' is unknown, known are: mean, std, min, max, p0 to p100",
        ),
        (
            spec_table(layout={"kind": "pooled", "statistics": ["median"], "window_s": 3.0}),
            "the statistic 'median' is unknown",
        ),
        (
            spec_table(norm={"kind": "running_standard", "n_frames": 0, "floor": 0.1}),
            "n_frames is 0, expected at least 1",
        ),
        (
            spec_table(norm={"kind": "running_standard", "n_frames": 9, "floor": 0.0}),
            "floor is 0, expected more than 0",
        ),
        (with_framing(padding="edge"), "'edge' is not possible"),
    ],
)
def test_impossible_specs_are_refused_by_name_and_value(table: dict, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        FeatureSpec.from_dict(table)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("p50", 50.0),
        ("p2.5", 2.5),
        ("p0", 0.0),
        ("p", None),
        ("px", None),
        ("pnan", None),
        ("p-1", None),
        ("mean", None),
    ],
)
def test_percentiles_by_name(name: str, expected: float | None) -> None:
    assert percentile(name) == expected
