"""Connections cut and devices killed at every step: the old model or the new one, whole."""

from __future__ import annotations

import threading

import pytest

from tests.deploy.push.models import good, running
from tests.deploy.push.sshd import Device, Server
from trainer.delivery.conversation import Step
from trainer.delivery.courier import Courier, Way
from trainer.delivery.inventory import Host
from trainer.delivery.outcomes import HostReport

QUICK = Way(back_off_s=0.05, patience_s=90)
STEPS = ("hello", "received", "verified", "tested", "switched")


class Push:
    """A push whose store is looked at whenever the connection has broken."""

    def __init__(self, device: Device, server: Server) -> None:
        self._device = device
        self._server = server
        self.found: list[str | None] = []

    def run(self, version: str) -> HostReport:
        host = Host(name=self._device.name, destination=self._device.name)
        courier = Courier(host, way=QUICK, tell=self._look, stop=threading.Event())
        return courier.deliver(good(version, self._server.signer))

    def _look(self, step: Step) -> None:
        if step.name == "again":
            self.found.append(running(self._device.state))


@pytest.mark.parametrize("what", ["cut", "kill"])
def test_at_every_step_the_old_or_the_new_model_is_there(what: str, server: Server) -> None:
    device = server.add_device(f"pi-{what}")
    former = None
    for number, step in enumerate(STEPS, 1):
        device.sabotage(what, at=step)
        push = Push(device, server)
        report = push.run(version := f"{number}.0")
        assert report.outcome == "changed", (step, report.why)
        # Where nobody is left to judge the model, the last word follows the switch at once.
        assert report.n_attempts == 2 or step == "switched"
        assert len(push.found) == report.n_attempts - 1
        assert set(push.found) <= {former, version}
        if step in {"hello", "received", "verified"}:
            assert push.found[0] == former
        assert running(device.state) == version
        former = version


@pytest.mark.parametrize("n_bytes", [2_000, 8_000, 60_000, 160_000])
def test_a_line_that_breaks_is_taken_up_where_it_ended(n_bytes: int, server: Server) -> None:
    device = server.add_device(f"pi-{n_bytes}", ssh=server.cut_after(n_bytes))
    push = Push(device, server)
    report = push.run("1.0")
    assert (report.outcome, report.n_attempts) == ("changed", 2), report.why
    assert push.found == [None]
    assert running(device.state) == "1.0"
