"""Models that pass every look from outside, and what a device's self-test makes of them."""

from __future__ import annotations

import json
import re
import shlex
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.push.models import good, offer_of, running
from tests.deploy.push.sshd import Device, Server
from tests.edge.store import crafted
from trainer.delivery.courier import Courier, Way
from trainer.delivery.inventory import Host
from trainer.delivery.offer import Offer
from trainer.delivery.outcomes import HostReport

LIMITED = Path(__file__).with_name("limited.py")
WAY = Way(back_off_s=0.05, patience_s=90)


@pytest.fixture(scope="module")
def device(server: Server) -> Device:
    device = server.add_device("cellar", command=limited(cpu_s=60))
    assert push(good("0.5", server.signer), device).outcome == "changed"
    return device


def limited(*, cpu_s: int) -> str:
    return shlex.join((sys.executable, str(LIMITED), str(cpu_s)))


def push(offer: Offer, device: Device) -> HostReport:
    host = Host(name=device.name, destination=device.name)
    return Courier(host, way=WAY, tell=lambda _: None, stop=threading.Event()).deliver(offer)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (crafted.mistaken, "is off by"),
        (crafted.without_golden_cases, "brings no golden case"),
        (crafted.too_new, "version 99, which"),
        (crafted.crashing, crafted.CRASHED),
        (crafted.slow, "is too slow for this device"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_model_that_fails_its_self_test_is_refused(
    make: Callable[[], bytes], told: str, server: Server, device: Device
) -> None:
    report = push(offer_of(make(), key=server.signer), device)
    assert report.outcome == "refused", report.why
    assert re.search(told, report.why)
    assert running(device.state) == "0.5"


def test_a_model_that_hangs_is_ended_and_refused(server: Server) -> None:
    impatient = server.add_device("impatient", command=limited(cpu_s=2))
    report = push(offer_of(crafted.hanging(), key=server.signer), impatient)
    assert report.outcome == "refused"
    assert "took more than 2 s of processor time" in report.why
    assert running(impatient.state) is None


@dataclass(frozen=True, kw_only=True, slots=True)
class StrangeOffer(Offer):
    """An offer of features that this program could not even name."""

    def line(self) -> bytes:
        # Without super(): a dataclass with slots is another class than the one it was made of.
        table = json.loads(Offer.line(self))
        table["manifest"]["features"]["blocks"][0]["kind"] = "wavelet"
        return json.dumps(table).encode() + b"\n"


def test_features_that_a_device_cannot_compute_are_refused_before_anything_is_sent(
    server: Server, device: Device
) -> None:
    offer = good("1.0", server.signer)
    strange = StrangeOffer(**{name: getattr(offer, name) for name in Offer.__slots__})
    report = push(strange, device)
    assert (report.outcome, report.n_sent) == ("refused", 0)
    assert "this edge cannot compute the model's features" in report.why
    assert running(device.state) == "0.5"
