"""A push to a device that listens: its service takes the model, tries it, keeps it or goes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.deploy.push.listener import Service
from tests.deploy.push.models import good, running
from tests.deploy.push.sshd import Device, Server
from trainer.delivery.conversation import Step
from trainer.delivery.courier import Courier, Way
from trainer.delivery.inventory import Host
from trainer.delivery.outcomes import HostReport

WAY = Way(back_off_s=0.05, patience_s=90)


@pytest.fixture(scope="module")
def device(server: Server) -> Device:
    device = server.add_device("living-room")
    device.config.write_text(device.config.read_text() + "health_window_s = 2.0\n")
    return device


@pytest.fixture(scope="module")
def service(device: Device) -> Iterator[Service]:
    service = Service(device)
    try:
        service.wait_until_alive()
        yield service
    finally:
        service.stop()


def push(
    version: str,
    device: Device,
    server: Server,
    tell: Callable[[Step], None] = lambda _: None,
) -> HostReport:
    host = Host(name=device.name, destination=device.name)
    courier = Courier(host, way=WAY, tell=tell, stop=threading.Event())
    return courier.deliver(good(version, server.signer))


def test_a_model_that_stays_healthy_is_kept(
    device: Device, server: Server, service: Service
) -> None:
    steps: list[str] = []
    report = push("1.0", device, server, lambda step: steps.append(step.name))
    assert report.outcome == "changed", report.why
    assert "it stayed healthy" in report.why
    assert report.device["service"] == "running"
    assert "trial" in steps
    assert service.version_after("bundled") == running(device.state) == "1.0"


def test_a_model_that_nobody_could_judge_is_taken_back(
    device: Device, server: Server, service: Service
) -> None:
    def tell(step: Step) -> None:
        if step.name == "switched":
            service.flows.clear()

    try:
        report = push("2.0", device, server, tell)
    finally:
        service.flows.set()
    assert report.outcome == "rolled back"
    assert "kitchen-1.0-" in report.why
    assert "no sound came" in report.why
    assert service.version_after("2.0") == running(device.state) == "1.0"


def test_a_connection_that_breaks_after_the_switch_changes_nothing_of_it(
    device: Device, server: Server, service: Service
) -> None:
    device.sabotage("cut", at="switched")
    report = push("3.0", device, server)
    assert (report.outcome, report.n_attempts) == ("changed", 2), report.why
    assert service.version_after("1.0") == running(device.state) == "3.0"


def test_a_model_under_which_the_service_dies_is_taken_back(
    device: Device, server: Server, service: Service
) -> None:
    def tell(step: Step) -> None:
        if step.name == "trial" and not died.is_set():
            died.set()
            service.kill()
            service.start()

    died = threading.Event()
    report = push("4.0", device, server, tell)
    assert died.is_set()
    assert report.outcome == "rolled back"
    assert "died while" in report.why
    service.wait_until_alive()
    assert service.version_after("4.0") == running(device.state) == "3.0"


def test_a_check_says_that_the_service_runs(
    device: Device, server: Server, service: Service
) -> None:
    host = Host(name=device.name, destination=device.name)
    report = Courier(host, way=WAY, tell=lambda _: None, stop=threading.Event()).ask()
    assert report.why.startswith("model kitchen 3.0, service running, ser-edge ")
