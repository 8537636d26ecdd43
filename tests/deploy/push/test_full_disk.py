"""A disk that is full when the push comes, and one that fills up at each of its steps."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator

import pytest

from tests.deploy.push.models import good, running
from tests.deploy.push.sshd import Device, Server
from tests.support import need
from trainer.delivery.courier import Courier, Way
from trainer.delivery.inventory import Host
from trainer.delivery.outcomes import HostReport

PAGE_BYTES = 4096
WAY = Way(back_off_s=0.05, patience_s=90)


@pytest.fixture(scope="module")
def device(server: Server) -> Iterator[Device]:
    device = server.add_device("small")
    need(os.geteuid() == 0, "the right to mount a small file system")
    mounted = subprocess.run(
        ("mount", "-t", "tmpfs", "-o", "size=12m,mode=755", "tmpfs", str(device.state)),
        capture_output=True,
        text=True,
        check=False,
    )
    need(mounted.returncode == 0, f"a small file system ({mounted.stderr.strip()})")
    try:
        yield device
    finally:
        subprocess.run(("umount", "-l", str(device.state)), check=True)


def push(version: str, device: Device, server: Server) -> HostReport:
    host = Host(name=device.name, destination=device.name)
    courier = Courier(host, way=WAY, tell=lambda _: None, stop=threading.Event())
    return courier.deliver(good(version, server.signer))


def empty(device: Device) -> None:
    (device.state / "filler").unlink()


def test_a_full_disk_is_said_before_anything_is_sent(server: Server, device: Device) -> None:
    (device.state / "filler").write_bytes(bytes(6_000_000))
    report = push("1.0", device, server)
    empty(device)
    assert (report.outcome, report.n_sent) == ("refused", 0)
    assert "make room on it" in report.why
    assert running(device.state) is None


def test_a_disk_that_fills_up_at_any_step_leaves_the_former_model_or_the_new_one(
    server: Server, device: Device
) -> None:
    assert push("1.0", device, server).outcome == "changed"
    n_pages = -(-len(good("2.0", server.signer).content) // PAGE_BYTES)
    # While the model arrives, in two halves, and then one page more each time: its record, its
    # signature, the note of the trial.
    rooms = [0, n_pages // 2, n_pages - n_pages // 2, *range(1, 10)]
    outcomes = []
    for room in rooms:
        device.sabotage("fill", at="hello", times=room * PAGE_BYTES)
        report = push("2.0", device, server)
        outcomes.append(report.outcome)
        now = running(device.state)
        empty(device)
        assert report.outcome in {"changed", "failed", "unchanged"}, report.why
        if report.outcome == "failed":
            assert now == "1.0", report.why
            assert "space" in report.why
        else:
            assert now == "2.0", report.why
            break
    assert outcomes[:4] == ["failed"] * 4
    assert push("2.0", device, server).outcome in {"changed", "unchanged"}
    assert running(device.state) == "2.0"
