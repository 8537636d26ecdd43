from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.contract.golden import compare, pack, unpack
from tests.fakes.specs import golden_case


def test_pack_and_unpack_keep_every_number() -> None:
    cases = [golden_case("b"), golden_case("a")]
    assert [case.name for case in unpack(pack(cases))] == ["a", "b"]


def test_no_difference() -> None:
    case = golden_case()
    found = compare(case, features=case.features, logits=case.logits)
    assert (found.features, found.logits) == (0.0, 0.0)


def test_the_largest_difference_counts() -> None:
    case = golden_case()
    features = case.features.copy()
    features[3, 4] += 0.25
    found = compare(case, features=features, logits=case.logits - np.float32(0.5))
    assert found.features == pytest.approx(0.25, abs=1e-6)
    assert found.logits == pytest.approx(0.5, abs=1e-6)


def test_another_shape_or_nan_is_infinitely_far() -> None:
    case = golden_case()
    assert compare(case, features=case.features[:-1], logits=case.logits).features == np.inf
    assert compare(case, features=case.features * np.nan, logits=case.logits).features == np.inf


@pytest.mark.parametrize("packed", [b"", b"junk"])
def test_junk_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(packed)


@pytest.mark.parametrize(
    ("value", "told"), [(0.0, 0.5), (99.0, 0.5), (-200.0, 0.25), (2e4, 0.0025)]
)
def test_large_features_are_compared_relative_to_their_size(value: float, told: float) -> None:
    case = replace(golden_case(), features=np.full((2, 3), value, np.float32))
    found = compare(case, features=case.features + np.float32(0.5), logits=case.logits + 200)
    assert found.features == pytest.approx(told, rel=1e-3)
    assert found.logits == pytest.approx(200)
