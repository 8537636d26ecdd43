from __future__ import annotations

import dataclasses
import json

import pytest

from edge.contract.spec import FeatureSpec
from edge.errors import SpecError
from tests.fakes.specs import logmel_table, spec, spec_table

POOLED = {"kind": "pooled", "statistics": ["mean", "std"], "window_s": 3.0}
CENTRED = {
    "n_fft": 2048,
    "win_length": 1024,
    "hop_length": 512,
    "window": "hann",
    "padding": "constant",
}
CLIP_DECIBEL = {"amin": 1e-10, "ref": "max", "top_db": 80.0}
MFCC = {**logmel_table(), "kind": "mfcc", "n_mfcc": 20, "lifter": 0}
MEL = {"kind": "mel", "mel": logmel_table()["mel"]}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"layout": POOLED},
        {"framing": CENTRED},
        {"blocks": [MFCC, MEL, logmel_table(decibel=CLIP_DECIBEL)]},
        {"norm": {"kind": "window_max", "range_db": 80.0}},
        {"norm": {"kind": "window_standard", "over": "time", "floor": 0.1}},
    ],
)
def test_to_dict_and_from_dict_are_inverse(changes: dict) -> None:
    made = spec(**changes)
    table = json.loads(json.dumps(made.to_dict()))
    assert FeatureSpec.from_dict(table) == made
    assert FeatureSpec.from_dict(table).fingerprint() == made.fingerprint()


def test_every_number_changes_the_fingerprint() -> None:
    prints = {
        spec().fingerprint(),
        spec(sample_rate_hz=22050).fingerprint(),
        spec(layout={"kind": "image", "n_frames": 191}).fingerprint(),
        spec(blocks=[logmel_table(decibel=CLIP_DECIBEL)]).fingerprint(),
        spec(norm={"kind": "window_max", "range_db": 80.0}).fingerprint(),
    }
    assert len(prints) == 5


def test_nothing_has_a_default_and_every_attribute_is_a_field() -> None:
    fields = {f.name: f for f in dataclasses.fields(FeatureSpec)}
    assert set(fields) == set(FeatureSpec.__annotations__)
    assert all(f.default is dataclasses.MISSING for f in fields.values())


@pytest.mark.parametrize(
    ("changes", "shape", "window_length", "streamable"),
    [
        ({}, (192, 64), 191 * 250 + 512, True),
        ({"layout": POOLED}, (128,), 48000, False),
        ({"framing": CENTRED}, (192, 64), 191 * 512, False),
        ({"blocks": [MFCC, MEL]}, (192, 84), 191 * 250 + 512, True),
        ({"blocks": [logmel_table(decibel=CLIP_DECIBEL)]}, (192, 64), 48262, False),
    ],
)
def test_derived_counts(changes: dict, shape: tuple, window_length: int, streamable: bool) -> None:
    made = spec(**changes)
    assert (made.shape, made.window_length, made.streamable) == (shape, window_length, streamable)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (spec_table(sample_rat_hz=1), r"sample_rat_hz: unknown key, did you mean 'sample_rate_hz'"),
        (spec_table(blocks=[]), "blocks is empty"),
        (spec_table(sample_rate_hz=16000.5), "expected a whole number, found 16000.5"),
        (spec_table(blocks=[{"kind": "cqt"}]), "'cqt' is unknown, known are: logmel"),
        (spec_table(layout={"kind": "image", "n_frames": 0}), "n_frames is 0, expected at least 1"),
        (spec_table(norm={"kind": "window_max", "range_db": -1.0}), "range_db is -1"),
        (
            spec_table(blocks=[logmel_table(decibel={"amin": 0.0, "ref": "one", "top_db": None})]),
            "amin is 0, expected more than 0",
        ),
        (
            spec_table(blocks=[logmel_table(mel=logmel_table()["mel"] | {"fmax_hz": 9000.0})]),
            "50 to 9000 Hz, expected a rising span within 0 to 8000 Hz",
        ),
        (
            spec_table(framing=spec_table()["framing"] | {"win_length": 600}),
            "win_length is 600, expected 1 to n_fft = 512",
        ),
        (spec_table(blocks=[MFCC | {"n_mfcc": 65}]), "n_mfcc is 65, expected 1 to n_mels = 64"),
    ],
)
def test_impossible_specs_are_refused_by_name_and_value(table: dict, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        FeatureSpec.from_dict(table)
