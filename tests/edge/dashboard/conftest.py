"""One house for all tests of the page, and one server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.dashboard import House, a_house


@pytest.fixture(scope="session")
def only_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with a_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def house(only_house: House) -> House:
    """The house as it was at first: what one test has said to the ears does not reach another."""
    only_house.rest()
    return only_house


@pytest.fixture(scope="session")
def address(only_house: House) -> Iterator[str]:
    """Where the house's page answers by HTTP."""
    with only_house.served() as url:
        yield url
