from __future__ import annotations

import pytest

from edge.record.outbox import Outbox
from tests.edge.record.samples import StoppedClock, begun


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


@pytest.fixture
def log(path, clock):
    """A log whose session has begun."""
    log = begun(path, clock)
    yield log
    log.close()


@pytest.fixture
def outbox(path):
    outbox = Outbox(path)
    yield outbox
    outbox.close()
