from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.tables import Range, TableError, from_table, to_table


@dataclass(frozen=True, kw_only=True)
class Leaf:
    kind: Literal["leaf"]
    size: Annotated[float, Range(0, 1)] = 0.5


@dataclass(frozen=True, kw_only=True)
class Stone:
    kind: Literal["stone"]
    weight: int


@dataclass(frozen=True, kw_only=True)
class Garden:
    name: str
    things: tuple[Leaf | Stone, ...] = ()
    wet: bool = False
    note: str | None = None
    counts: dict[str, int] | None = None


@given(
    st.builds(
        Garden,
        name=st.text(),
        things=st.lists(
            st.one_of(
                st.builds(Leaf, kind=st.just("leaf"), size=st.floats(0, 1)),
                st.builds(Stone, kind=st.just("stone"), weight=st.integers()),
            )
        ).map(tuple),
        wet=st.booleans(),
        note=st.none() | st.text(),
        counts=st.none() | st.dictionaries(st.text(), st.integers()),
    )
)
def test_to_table_and_from_table_are_inverse(garden: Garden) -> None:
    assert from_table(Garden, to_table(garden), path="") == garden


def problems(table: object) -> list[str]:
    with pytest.raises(TableError) as caught:
        from_table(Garden, table, path="garden")
    return [str(problem) for problem in caught.value.problems]


def test_all_faults_are_found_at_once() -> None:
    found = problems(
        {
            "nam": "x",
            "things": [{"kind": "leaf", "size": 2}, {"kind": "stone", "weight": True}, {}],
            "wet": "yes",
            "counts": {"a": 1.5},
        }
    )
    assert found == [
        "garden.nam: unknown key, did you mean 'name'?",
        "garden.name: missing",
        "garden.things[0].size: 2.0 is out of bounds, expected from 0 to 1",
        "garden.things[1].weight: expected a whole number, found True",
        "garden.things[2]: expected a table with a kind: leaf, stone",
        "garden.wet: expected true or false, found 'yes'",
        "garden.counts.a: expected a whole number, found 1.5",
    ]


@pytest.mark.parametrize("table", [None, 3, "x", []])
def test_anything_but_a_table(table: object) -> None:
    assert problems(table) == [f"garden: expected a table, found {table!r}"]


def test_a_whole_number_may_stand_for_a_number_but_not_the_reverse() -> None:
    assert from_table(Leaf, {"kind": "leaf", "size": 1}, path="").size == 1.0
    with pytest.raises(TableError, match="expected a whole number"):
        from_table(Stone, {"kind": "stone", "weight": 1.0}, path="")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_not_a_number_is_no_number(value: float) -> None:
    with pytest.raises(TableError):
        from_table(Leaf, {"kind": "leaf", "size": value}, path="")
