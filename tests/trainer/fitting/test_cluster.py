"""Who trains together, as TF_CONFIG says it, and the wait for those who are late."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from edge.errors import UsageError
from trainer.fitting import cluster
from trainer.fitting.cluster import Address, Cluster, PeerError, meet, read_cluster

TWO = {"worker": ["desk:2222", "[fe80::1]:2223"]}


def config(jobs: object, *, kind: str = "worker", index: object = 0) -> str:
    return json.dumps({"cluster": jobs, "task": {"type": kind, "index": index}})


def local(*ports: int, own: int) -> Cluster:
    return Cluster(addresses=tuple(Address(host="127.0.0.1", port=p) for p in ports), own=own)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for each in sockets:
        each.close()
    return ports


def test_workers_stand_in_their_order() -> None:
    found = read_cluster(config(TWO, index=1))
    assert [str(address) for address in found.addresses] == ["desk:2222", "[fe80::1]:2223"]
    assert found.own == 1
    assert not found.is_chief


@pytest.mark.parametrize(
    ("kind", "index", "own"), [("chief", 0, 0), ("worker", 0, 1), ("worker", 1, 2)]
)
def test_a_chief_of_its_own_comes_first(kind: str, index: int, own: int) -> None:
    jobs = {"worker": ["b:2", "c:3"], "chief": ["a:1"]}
    found = read_cluster(config(jobs, kind=kind, index=index))
    assert [address.host for address in found.addresses] == ["a", "b", "c"]
    assert found.own == own
    assert found.is_chief == (own == 0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "which is not set"),
        ("", "which is not set"),
        ("{", "is no JSON"),
        ("[]", "expected it as"),
        ("{}", "expected it as"),
        (config(None), "expected it as"),
        (config({"worker": ["desk"]}), "expected it as"),
        (config({"worker": ["desk:port"]}), "expected it as"),
        (config({"worker": ["desk:70000"]}), "expected it as"),
        (config({"worker": [":2222"]}), "expected it as"),
        (config({"worker": [2222]}), "expected it as"),
        (config(TWO, index="first"), "expected it as"),
        (config(TWO, index=2), "this is worker 2, but its cluster has worker 0 to 1"),
        (config(TWO, index=-1), "this is worker -1, but"),
        (config(TWO, kind="chief"), "this is chief 0, but its cluster has worker 0 to 1"),
        (config({}), "this is worker 0, but its cluster has nobody"),
        (config({**TWO, "ps": ["attic:1"]}), "has ps in its cluster"),
    ],
)
def test_what_is_wrong_with_a_cluster_is_told(text: str | None, complaint: str) -> None:
    with pytest.raises(UsageError, match="TF_CONFIG") as error:
        read_cluster(text)
    assert complaint in str(error.value)


def test_workers_meet_whoever_comes_first(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    ports = free_ports(3)
    have_met = threading.Barrier(3)

    def take_part(own: int) -> None:
        meet(local(*ports, own=own), patience_s=30)
        # From here on TensorFlow would listen.
        with socket.create_server(("", ports[own])):
            have_met.wait(timeout=30)

    early = [threading.Thread(target=take_part, args=(own,)) for own in (2, 0)]
    for thread in early:
        thread.start()
    while caplog.text.count("waiting for worker 1") < 2:
        time.sleep(0.01)
    assert have_met.n_waiting == 0
    take_part(1)
    for thread in early:
        thread.join(timeout=30)
        assert not thread.is_alive()


def test_a_worker_that_does_not_come_is_named() -> None:
    ports = free_ports(2)
    text = rf"worker 1 at 127\.0\.0\.1:{ports[1]} did not answer within 0\.3 s .*refused"
    with pytest.raises(PeerError, match=text):
        meet(local(*ports, own=0), patience_s=0.3)


def test_a_host_that_nobody_knows_is_named() -> None:
    (port,) = free_ports(1)
    nowhere = Address(host="nowhere.invalid", port=port)
    here = Address(host="127.0.0.1", port=port)
    with pytest.raises(PeerError, match=r"worker 1 at nowhere\.invalid"):
        meet(Cluster(addresses=(here, nowhere), own=0), patience_s=0.3)


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PeerError, match=rf"cannot listen on port {port} \(Address already"):
            meet(local(port, port + 1, own=0), patience_s=0.3)


def test_one_worker_waits_for_nobody() -> None:
    (port,) = free_ports(1)
    meet(local(port, own=0), patience_s=0.0)


def test_strategies_are_those_of_the_command_line() -> None:
    assert cluster.STRATEGIES == ("none", "mirrored", "workers")
