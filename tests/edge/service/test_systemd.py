from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.service.systemd import Notifier, watchdog_s
from tests.fakes.service import Manager


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    abstract = f"@ser-edge-test-{os.getpid()}"
    made = Manager(abstract if request.param == "abstract" else str(tmp_path / "notify"))
    yield made
    made.close()


def test_everything_that_systemd_is_told(manager: Manager) -> None:
    notifier = Notifier.here(manager.environment())
    before_us = time.monotonic_ns() // 1000
    notifier.ready()
    notifier.status("listening:\nsad 71 %")
    notifier.reloading()
    notifier.feed()
    notifier.stopping()
    ready, status, reloading, fed, stopping = manager.read()
    assert ready == {"READY": "1"}
    assert status == {"STATUS": "listening: sad 71 %"}
    assert reloading["RELOADING"] == "1"
    assert before_us <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert (fed, stopping) == ({"WATCHDOG": "1"}, {"STOPPING": "1"})


def test_without_a_manager_nothing_happens() -> None:
    notifier = Notifier.here({})
    notifier.ready()
    notifier.feed()
    assert notifier.watchdog_s is None


def test_a_manager_that_has_gone_is_complained_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = Notifier(str(tmp_path / "nobody"))
    notifier.ready()
    notifier.feed()
    assert len(caplog.records) == 1
    assert "No such file" in caplog.text


def test_a_manager_that_does_not_read_stops_nobody(tmp_path: Path) -> None:
    manager = Manager.at(tmp_path)
    notifier = Notifier(manager.address)
    n_kept = int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text()) + 1
    for _ in range(n_kept + 3):
        notifier.status("x" * 200)
    assert 0 < len(manager.read()) <= n_kept
    manager.close()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "17"}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "18"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdogs_patience(environ: dict, expected: float | None) -> None:
    assert watchdog_s(environ, pid=17) == expected
