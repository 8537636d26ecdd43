"""One broker, one web server and one authority for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.authority import Authority, make_authority
from tests.fakes.broker import Broker, Listener, running
from tests.fakes.web import Site, serving


@pytest.fixture(scope="session")
def the_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with running(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
def broker(the_broker: Broker) -> Broker:
    """A broker that runs and remembers nothing of the test before."""
    the_broker.kill()
    the_broker.start()
    return the_broker


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    with Listener(broker.port) as listener:
        yield listener


@pytest.fixture(scope="session")
def the_site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def site(the_site: Site) -> Site:
    the_site.reset()
    return the_site


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))
