"""A push over a real sshd, to the real ``ser-edge model receive``: the good and the refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge.store.locks import locked
from tests.deploy.push import models
from tests.deploy.push.models import good, offer_of, running
from tests.deploy.push.sshd import Device, Server
from tests.edge.store.models import kitchen, packed
from trainer.cli import main
from trainer.delivery.conversation import Step
from trainer.delivery.courier import Courier, Way
from trainer.delivery.inventory import Host
from trainer.delivery.offer import Offer
from trainer.delivery.outcomes import HostReport

QUICK = Way(back_off_s=0.05, patience_s=90)


def push(
    offer: Offer, device: Device, *, tell: Callable[[Step], None] = lambda _: None
) -> HostReport:
    host = Host(name=device.name, destination=device.name)
    return Courier(host, way=QUICK, tell=tell, stop=threading.Event()).deliver(offer)


@pytest.fixture(scope="module")
def kitchen_pi(server: Server) -> Device:
    return server.add_device_by_the_book("kitchen")


def test_a_good_model_is_taken_and_the_second_time_nothing_happens(
    server: Server, kitchen_pi: Device, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "kitchen.tflite"
    model.write_bytes(kitchen("2.0"))
    assert main(["sign", str(model), "--key", str(server.signer)]) == 0
    assert main(["push", str(model), "kitchen", "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out.splitlines()[-1])["hosts"]
    assert report["outcome"] == "changed"
    assert report["n_sent"] == model.stat().st_size
    assert report["model"].startswith("kitchen-2.0-")
    assert report["previous"] is None
    assert report["device"]["service"] == "stopped"
    assert running(kitchen_pi.state) == "2.0"
    assert main(["push", str(model), "kitchen", "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out)["hosts"]
    assert (report["outcome"], report["n_sent"]) == ("unchanged", 0)


def test_a_check_says_what_a_device_has(
    kitchen_pi: Device, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["push", "--check", "kitchen"]) == 0
    told = capsys.readouterr().out
    assert "kitchen 2.0" in told
    assert "service stopped" in told


def unsigned(server: Server) -> Offer:
    return offer_of(kitchen("3.0"), key=None)


def by_a_stranger(server: Server) -> Offer:
    return offer_of(kitchen("3.0"), key=server.stranger)


def signed_for_another(server: Server) -> Offer:
    return replace(good("3.0", server.signer), signature=good("3.1", server.signer).signature)


def truncated(server: Server) -> Offer:
    return models.with_content(good("3.0", server.signer), kitchen("3.0")[:-900], server.signer)


def bit_flipped(server: Server) -> Offer:
    content = bytearray(kitchen("3.0"))
    content[40_000] ^= 4
    return models.with_content(good("3.0", server.signer), bytes(content), server.signer)


def spoilt_on_the_way(server: Server) -> Offer:
    content = bytearray(kitchen("3.0"))
    content[40_000] ^= 4
    return replace(good("3.0", server.signer), content=bytes(content))


def another_manifest(server: Server) -> Offer:
    return replace(good("3.0", server.signer), manifest=good("3.1", server.signer).manifest)


def older(server: Server) -> Offer:
    return good("1.0", server.signer)


def operators_too_new(server: Server) -> Offer:
    return offer_of(packed(version="3.0", min_runtime="99.0.0"), key=server.signer)


REFUSED = {
    unsigned: "the model is not signed",
    by_a_stranger: "signature is by nobody",
    signed_for_another: "does not hold",
    truncated: "breaks off",
    bit_flipped: "SHA-256",
    spoilt_on_the_way: "SHA-256",
    another_manifest: "manifest",
    older: "--allow-downgrade",
    operators_too_new: "needs a runtime of TFLite 99.0.0",
}


@pytest.mark.parametrize("bad", REFUSED, ids=lambda bad: bad.__name__)
def test_a_bad_model_is_refused_and_the_former_one_stays(
    bad: Callable[[Server], Offer], server: Server, kitchen_pi: Device
) -> None:
    report = push(bad(server), kitchen_pi)
    assert report.outcome == "refused", report.why
    assert REFUSED[bad] in report.why
    assert running(kitchen_pi.state) == "2.0"


def test_the_owner_may_allow_what_is_not_signed_and_older(
    server: Server, kitchen_pi: Device
) -> None:
    text = kitchen_pi.config.read_text()
    kitchen_pi.config.write_text(text + "allow_unsigned = true\n")
    report = push(replace(unsigned(server), allow_downgrade=True), kitchen_pi)
    assert (report.outcome, running(kitchen_pi.state)) == ("changed", "3.0")
    kitchen_pi.config.write_text(text)
    report = push(replace(good("2.0", server.signer), allow_downgrade=True), kitchen_pi)
    assert (report.outcome, running(kitchen_pi.state)) == ("changed", "2.0")


def test_the_key_can_do_nothing_but_deliver(server: Server, kitchen_pi: Device) -> None:
    for words in (("ls",), ("sh", "-c", "id"), ("ser-edge model receive; id",)):
        done = server.ssh(kitchen_pi.name, *words)
        assert done.returncode == 2
        assert "ser-edge model receive" in done.stderr
        assert not done.stdout
    assert server.ssh(kitchen_pi.name, options=("-W", f"127.0.0.1:{server.port}")).returncode == 255
    assert "Authorised" in server.ssh(kitchen_pi.name, "ls").stderr


def test_no_file_can_be_copied_with_the_key(
    server: Server, kitchen_pi: Device, tmp_path: Path
) -> None:
    (tmp_path / "evil").write_text("evil")
    for protocol in ("-s", "-O"):  # sftp, and the older one
        done = server.scp(protocol, str(tmp_path / "evil"), f"kitchen:{tmp_path}/copied")
        assert done.returncode != 0
        assert not (tmp_path / "copied").exists()


def test_two_pushes_at_once_come_one_after_the_other(server: Server, kitchen_pi: Device) -> None:
    lock = kitchen_pi.state / "models" / "push.lock"
    has_waited, steps = threading.Event(), []

    def tell(step: Step) -> None:
        steps.append(step.name)
        if step.name == "waiting":
            has_waited.set()

    reports: list[HostReport] = []
    with locked(lock, patience_s=1):
        pushing = threading.Thread(
            target=lambda: reports.append(push(good("4.0", server.signer), kitchen_pi, tell=tell))
        )
        pushing.start()
        assert has_waited.wait(60)
        assert running(kitchen_pi.state) == "2.0"
    pushing.join()
    assert reports[0].outcome == "changed"
    assert steps.index("waiting") < steps.index("tested")
    assert running(kitchen_pi.state) == "4.0"


def test_eight_hosts_at_once_of_which_one_fails(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"room-{i}" for i in range(8)]
    devices = [
        server.add_device(name, command="echo no disk >&2; exit 74" if name == "room-5" else None)
        for name in names
    ]
    (tmp_path / "hosts").write_text("# the house\n" + "\n".join(names) + "\n")
    assert push_file(server, tmp_path, "--inventory", str(tmp_path / "hosts"), "--json") == 74
    reports = json.loads(capsys.readouterr().out)["hosts"]
    assert [report["host"] for report in reports] == names
    for device, report in zip(devices, reports, strict=True):
        is_good = device.name != "room-5"
        assert report["outcome"] == ("changed" if is_good else "failed")
        assert running(device.state) == ("5.0" if is_good else None)


def test_a_canary_that_refuses_saves_the_others(
    server: Server, kitchen_pi: Device, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = server.add_device("careful")
    words = ("kitchen", "careful", "--canary", "1")
    assert push_file(server, tmp_path, *words, version="1.0") == 65
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("kitchen  refused      ")
    assert told[1] == "careful  not tried    the canary kitchen (refused) did not take the model"
    assert running(device.state) is None


def test_who_is_not_there_is_unreachable(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert push_file(server, tmp_path, "ssh://127.0.0.1:1") == 69
    told = capsys.readouterr().out
    assert "unreachable  nobody answers at ssh://127.0.0.1:1 (Connection refused)" in told


def test_another_host_key_is_never_overlooked(
    server: Server, kitchen_pi: Device, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.know(server.stranger)
    try:
        assert push_file(server, tmp_path, "kitchen") == 69
    finally:
        server.know(server.host_key)
    told = capsys.readouterr()
    assert "shows another host key" in told.out
    assert f'ssh-keygen -f "{server.known_hosts}" -R "[127.0.0.1]:{server.port}"' in told.out
    assert "tries again" not in told.err


def test_an_unknown_host_key_is_never_taken(
    server: Server, kitchen_pi: Device, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("-o", f"UserKnownHostsFile={tmp_path / 'none'}", "-o", "StrictHostKeyChecking=ask")
    assert push_file(server, tmp_path, "kitchen", *words) == 69
    assert "the host key of kitchen is not known here" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_another_key_of_ssh_is_let_in_nowhere(
    server: Server, kitchen_pi: Device, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The first IdentityFile comes from the command line; the alias adds its own.
    words = ("-o", f"IdentityFile={server.stranger}", "-o", f"Port={server.port}")
    known = ("-o", f"UserKnownHostsFile={server.known_hosts}", "-o", "IdentityAgent=none")
    assert push_file(server, tmp_path, "127.0.0.1", *words, *known) == 69
    told = capsys.readouterr()
    assert "accepts none of the keys" in told.out
    assert "tries again" not in told.err


def test_jump_hosts_of_the_users_configuration_are_taken(server: Server) -> None:
    server.add_jump_host("gate")
    device = server.add_device("behind", ssh="  ProxyJump gate\n")
    assert push(good("1.0", server.signer), device).outcome == "changed"
    assert running(device.state) == "1.0"


def test_a_shared_connection_is_used_and_outlives_the_push(server: Server) -> None:
    path = server.folder / "shared"
    shared = f"  ControlMaster auto\n  ControlPath {path}\n"
    device = server.add_device("shared-line", ssh=shared)
    offer = good("1.0", server.signer)
    assert push(offer, device).outcome == "changed"
    assert not path.exists()
    by_hand = server.begin_sharing(device)
    try:
        server.know(server.stranger)  # a connection of its own could not be made
        assert push(offer, device).outcome == "unchanged"
        assert path.is_socket()
    finally:
        server.know(server.host_key)
        by_hand.terminate()
        by_hand.wait()


def push_file(server: Server, folder: Path, *words: str, version: str = "5.0") -> int:
    """Push a signed model file by the command line and return the exit code."""
    model = folder / "kitchen.tflite"
    model.write_bytes(kitchen(version))
    return main(["push", str(model), *words, "--key", str(server.signer)])
