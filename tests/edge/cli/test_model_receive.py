"""The device's side of a push: what it takes, what it refuses, and what it says."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import re
import resource
import shutil
import signal
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cli import main
from edge.contract import tables
from edge.contract.bundle import ModelBundle
from edge.contract.manifest import Manifest
from edge.store import incoming
from edge.store.examiner import Examined
from edge.store.locks import locked
from tests.edge.cli.device import Device
from tests.edge.store import crafted
from tests.edge.store.keys import make_key, signed
from tests.edge.store.models import kitchen, manifest, packed
from tests.fakes.sound import bundled
from tests.support import REPOSITORY

ALL_STEPS = ["hello", "received", "verified", "tested", "switched"]


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    monkeypatch.delenv("SSH_ORIGINAL_COMMAND", raising=False)
    return Device(tmp_path)


def table_of(model: Manifest) -> dict:
    return tables.to_table(model)


def untouched(device: Device) -> bool:
    store = device.store
    return store.current_id() is None and not store.installed() and store.trial() is None


class TestAGoodPush:
    def test_without_a_service_the_trial_waits(self, device):
        last = device.push(kitchen("1.0"))
        assert device.steps == ALL_STEPS
        assert device.exit_code == 0
        assert last["outcome"] == "changed"
        assert "its trial begins when the service starts" in last["why"]
        assert last["previous"] is None
        assert device.store.current_id() == last["model"]
        model = device.store.current()
        assert model.path.read_bytes() == kitchen("1.0")
        assert model.signer == "ann@desk"
        assert device.store.trial().boot_id is None
        assert not list(device.store.incoming.iterdir())
        hello, *_, tested, _ = device.words[:-1]
        assert hello["device"]["model"] == {
            "id": None,
            "name": "room",
            "version": bundled().manifest.version,
            "sha256": bundled().sha256,
        }
        assert hello["device"]["service"] == "stopped"
        assert 0 < tested["latency_ms"] < tested["hop_ms"]

    def test_the_service_confirms(self, device):
        with device.service(verdict="healthy"):
            last = device.push(kitchen("1.0"))
        assert (device.exit_code, last["outcome"]) == (0, "changed")
        assert last["why"].endswith("runs: it stayed healthy")
        assert device.words[0]["device"]["service"] == "running"
        assert device.store.trial() is None

    def test_the_service_takes_it_back(self, device):
        with device.service(verdict="it was late"):
            last = device.push(kitchen("1.0"))
        assert (device.exit_code, last["outcome"]) == (75, "rolled back")
        assert last["why"].endswith("was taken back and bundled runs again: it was late")
        assert device.store.current_id() is None

    def test_the_same_model_twice_is_nothing_new(self, device):
        device.push(kitchen("1.0"))
        names = sorted(path.name for path in device.store.root.rglob("*"))
        last = device.push(kitchen("1.0"))
        assert (device.exit_code, last["outcome"], device.steps) == (0, "unchanged", [])
        assert sorted(path.name for path in device.store.root.rglob("*")) == names

    def test_the_bundled_model_is_nothing_new_either(self, device):
        content = (REPOSITORY / "edge/models/room.tflite").read_bytes()
        assert device.push(content)["outcome"] == "unchanged"
        assert untouched(device)

    def test_a_model_that_is_still_installed_is_not_sent_again(self, device):
        for version in ("1.0", "1.1"):
            device.push(kitchen(version))
        last = device.talk(device.offer(kitchen("1.0"), allow_downgrade=True))
        assert last["outcome"] == "changed"
        assert device.words[0]["have"] == len(kitchen("1.0"))

    def test_a_damaged_current_model_is_mended_by_the_same_push(self, device):
        device.push(kitchen("1.0"))
        device.store.current().path.write_bytes(b"rot")
        assert device.push(kitchen("1.0"))["outcome"] == "changed"
        device.store.current().refuse_damaged()

    def test_old_models_go(self, device):
        device.configure("[store]\nkeep = 2\n")
        with device.service(verdict="healthy"):
            for version in ("1", "2", "3", "4"):
                device.push(kitchen(version))
        assert [model.version for model in device.store.installed()] == ["4", "3"]

    def test_a_client_may_just_ask(self, device):
        word = device.talk(b'{"protocol": 1, "ask": "state"}\n')
        assert word["device"]["model"]["name"] == "room"
        assert device.exit_code == 0


class TestRefused:
    def refused(self, device, sentence: str, *, steps: list[str]) -> None:
        last = device.words[-1]
        assert (last["outcome"], device.exit_code) == ("refused", 65), last
        assert sentence in last["why"]
        assert "\n" not in last["why"]
        assert device.steps == steps
        assert untouched(device)
        assert not list(device.store.incoming.glob("*"))

    def test_unsigned(self, device):
        device.push(kitchen("1.0"), signature=None)
        self.refused(device, "the model is not signed", steps=[])

    def test_by_an_unknown_signer(self, device, tmp_path):
        make_key(tmp_path / "mallory")
        device.push(kitchen("1.0"), key=tmp_path / "mallory")
        self.refused(device, "by nobody in", steps=["hello", "received"])

    def test_signed_for_something_else(self, device, tmp_path):
        path = tmp_path / "model"
        path.write_bytes(kitchen("1.0"))
        other = signed(path, device.key, namespace="file").decode()
        device.push(kitchen("1.0"), signature=other)
        self.refused(device, "does not hold", steps=["hello", "received"])

    def test_with_the_signature_of_another_model(self, device, tmp_path):
        path = tmp_path / "model"
        path.write_bytes(kitchen("1.1"))
        device.push(kitchen("1.0"), signature=signed(path, device.key).decode())
        self.refused(device, "incorrect signature", steps=["hello", "received"])

    def test_bits_that_flipped_on_the_way(self, device):
        line = device.offer(kitchen("1.0"))
        device.talk(line + crafted.flipped(kitchen("1.0")))
        self.refused(device, "arrived with SHA-256", steps=["hello", "received"])

    def test_bits_that_flipped_before_it_was_signed(self, device):
        device.push(crafted.flipped(kitchen("1.0")))
        self.refused(device, "the network has SHA-256", steps=["hello", "received", "verified"])

    def test_truncated_before_it_was_signed(self, device):
        device.push(kitchen("1.0")[:-3000])
        self.refused(device, "breaks off", steps=["hello", "received", "verified"])

    @pytest.mark.parametrize(
        ("make", "sentence"),
        [
            (crafted.mistaken, "golden case"),
            (crafted.crashing, crafted.CRASHED),
            (crafted.too_new, "version 99"),
            (crafted.slow, "is too slow for this device"),
        ],
    )
    def test_by_the_self_test(self, device, make, sentence):
        device.push(make())
        assert re.search(sentence, device.words[-1]["why"])
        self.refused(device, "", steps=["hello", "received", "verified"])

    def test_a_hanging_model(self, device, monkeypatch):
        monkeypatch.setattr("tests.edge.cli.device.QUICK", replace(crafted_limits(), cpu_s=2))
        device.push(crafted.hanging())
        self.refused(device, "2 s of processor time", steps=["hello", "received", "verified"])

    def test_features_that_this_edge_does_not_have(self, device):
        offered = table_of(manifest(version="1.0"))
        offered["features"]["blocks"] = [{"kind": "telepathy"}]
        device.push(kitchen("1.0"), manifest=offered)
        self.refused(device, "this edge cannot compute the model's features", steps=[])

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"min_runtime": "99.0"}, "needs a runtime of TFLite 99.0 or newer"),
            ({"labels": ["female", "male"]}, "tells the speaker's sex"),
            ({"schema_version": 9}, "schema version 9"),
            ({"sha256": 5}, "wrong manifest: sha256"),
        ],
    )
    def test_by_its_manifest_before_anything_is_sent(self, device, changes, sentence):
        offered = table_of(manifest(version="1.0")) | changes
        device.push(kitchen("1.0"), manifest=offered)
        self.refused(device, sentence, steps=[])

    def test_a_manifest_that_is_not_the_files(self, device):
        device.push(kitchen("1.0"), manifest=table_of(manifest(version="9")))
        self.refused(device, "is not the one in the model file", steps=[*ALL_STEPS[:3]])

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"protocol": 2}, "speaks protocol 2, this device speaks 1"),
            ({"sha256": "../../etc/passwd"}, "expected 64 hexadecimal digits"),
            ({"n_bytes": 2**40}, "out of bounds"),
            ({"surprise": 1}, "unknown key"),
        ],
    )
    def test_an_offer_that_makes_no_sense(self, device, changes, sentence):
        device.push(kitchen("1.0"), **changes)
        self.refused(device, sentence, steps=[])

    def test_a_disk_without_room(self, device, monkeypatch):
        monkeypatch.setattr(incoming, "_SPARE_BYTES", 2**60)
        device.push(kitchen("1.0"))
        last = device.words[-1]
        assert (last["outcome"], device.exit_code) == ("refused", 65)
        assert "make room on it" in last["why"]

    def test_a_device_whose_settings_are_wrong(self, device):
        device.configure("[store]\nkeep = 1\n")
        device.push(kitchen("1.0"))
        last = device.words[-1]
        assert (last["outcome"], device.exit_code) == ("refused", 65)
        assert "store.keep" in last["why"]

    def test_a_device_that_is_pinned_to_a_model(self, device):
        device.configure('[model]\npath = "/opt/mine.tflite"\n')
        device.push(kitchen("1.0"))
        self.refused(device, "model.path names /opt/mine.tflite", steps=[])

    def test_a_downgrade_unless_asked(self, device):
        device.push(kitchen("1.10"))
        last = device.push(kitchen("1.9"))
        assert (last["outcome"], device.steps) == ("refused", [])
        assert "is older than the current kitchen 1.10" in last["why"]
        assert device.push(kitchen("1.9"), allow_downgrade=True)["outcome"] == "changed"

    def test_a_downgrade_of_the_bundled_model(self, device):
        older = packed(name="room", version="0.1")
        assert "than the current room 1" in device.push(older)["why"]


def crafted_limits():
    from tests.edge.cli.device import QUICK

    return QUICK


class TestUnsignedModelsAreAllowed:
    @pytest.fixture(autouse=True)
    def allowed(self, device):
        device.configure("[store]\nallow_unsigned = true\n")

    def test_then_an_unsigned_one_is_taken(self, device):
        assert device.push(kitchen("1.0"), signature=None)["outcome"] == "changed"
        assert device.store.current().signer is None

    def test_but_a_wrong_signature_is_still_wrong(self, device, tmp_path):
        make_key(tmp_path / "mallory")
        assert device.push(kitchen("1.0"), key=tmp_path / "mallory")["outcome"] == "refused"

    def test_and_without_signers_no_signature_is_looked_at(self, device):
        device.signers.unlink()
        assert device.push(kitchen("1.0"))["outcome"] == "changed"
        assert device.store.current().signer is None


class TestBrokenOff:
    def test_truncated_on_the_way_it_goes_on_the_next_time(self, device):
        content = kitchen("1.0")
        line = device.offer(content)
        last = device.talk(line + content[:70_000])
        assert (last["outcome"], device.exit_code) == ("failed", 74)
        assert f"ended {len(content) - 70_000} bytes before the end" in last["why"]
        assert untouched(device)
        last = device.talk(line + content[70_000:])
        assert device.words[0]["have"] == 70_000
        assert last["outcome"] == "changed"

    @pytest.mark.parametrize("sent", [b"", b"{", b"not JSON\n", b"[]\n", b"\0" * 100 + b"\n"])
    def test_rubbish_is_answered_in_one_line(self, device, sent):
        last = device.talk(sent)
        assert last["outcome"] in {"failed", "refused"}
        assert len(device.words) == 1

    def test_a_disk_that_is_full_loses_nothing_and_goes_on_later(self, device):
        with device_limits(100_000):
            process = device.start("receive")
        content = kitchen("1.0")
        told, _ = process.communicate(device.offer(content) + content, timeout=60)
        last = json.loads(told.splitlines()[-1])
        assert (last["outcome"], process.returncode) == ("failed", 74)
        assert ".part cannot be used: File too large; make room on it" in last["why"]
        assert untouched(device)
        assert device.talk(device.offer(content) + content[100_000:])["outcome"] == "changed"
        assert device.words[0]["have"] == 100_000


@contextmanager
def device_limits(n_bytes: int):
    """Let no file of a process that is started now grow beyond `n_bytes`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class FullDisk:
    """From its n-th change on, the disk under a folder takes nothing any more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, *, n: int) -> None:
        self.n_left = n
        self._folder = str(folder)
        for name in ("write", "fsync", "symlink", "mkdir", "replace"):
            monkeypatch.setattr(os, name, self._limited(getattr(os, name)))

    def _limited(self, call):
        def limited(first, *rest, **options):
            place = f"/proc/self/fd/{first}" if isinstance(first, int) else (rest or (first,))[0]
            path = str(Path(place).readlink() if isinstance(first, int) else place)
            if path.startswith(self._folder):
                self.n_left -= 1
                if self.n_left < 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return call(first, *rest, **options)

        return limited


def test_a_disk_that_is_full_from_any_step_of_a_push_on(device, monkeypatch):
    """Tried without the self-test's process, which writes nothing."""
    monkeypatch.setattr("edge.app.receiving.examine", examined_in_this_process)
    content = kitchen("1.0")
    line, before = device.offer(content), kitchen("0.9")
    outcomes = []
    for n in itertools.count():
        state = device.folder / "state"
        shutil.rmtree(state, ignore_errors=True)
        device.push(before)
        device.store.confirm(device.store.current_id())
        with monkeypatch.context() as context:
            disk = FullDisk(context, state, n=n)
            last = device.push(content, line=line)
        outcomes.append(last["outcome"])
        whole_after(device, last, n)
        have = sum(part.stat().st_size for part in device.store.incoming.glob("*.part"))
        again = device.talk(line + content[have:])
        assert again["outcome"] in {"changed", "unchanged"}, (n, again)
        assert device.store.current().version == "1.0"
        if disk.n_left > 0:
            break
    assert outcomes[-1] == "changed"
    assert outcomes.count("failed") > 20


def whole_after(device: Device, last: dict, n: int) -> None:
    assert last["outcome"] in {"failed", "changed"}, (n, last)
    if last["outcome"] == "failed":
        assert "No space left on device; make room on it" in last["why"]
    current = device.store.current()
    current.refuse_damaged()
    assert current.version == ("1.0" if last["outcome"] == "changed" else "0.9")
    assert device.store.begin_service("a boot").model == current


def examined_in_this_process(path: Path, **_: object) -> Examined:
    content = path.read_bytes()
    return Examined(
        manifest=ModelBundle.from_bytes(content, source="").manifest,
        sha256=hashlib.sha256(content).hexdigest(),
        runtime="",
        golden_cases=(),
        latency_ms=1.0,
        hop_ms=500.0,
    )


@pytest.mark.parametrize("step", ["hello", "received", "verified", "tested"])
def test_nobody_who_listens_and_nothing_is_switched(device, step):
    """The client goes while the device is about to tell it a step."""
    process = device.start("receive")
    process.stdin.write(device.offer(kitchen("1.0")))
    process.stdin.flush()
    is_late = step != "hello"
    if is_late:
        for _ in range(ALL_STEPS.index(step)):
            if json.loads(process.stdout.readline())["step"] == "hello":
                process.stdin.write(kitchen("1.0"))
                process.stdin.flush()
    process.stdout.close()
    with suppress(BrokenPipeError):
        if not is_late:
            process.stdin.raw.write(kitchen("1.0"))
    process.stdin.close()
    assert process.wait(60) == 74
    assert process.stderr.read() == b""
    process.stderr.close()
    assert device.store.current_id() is None
    assert device.store.trial() is None
    assert device.push(kitchen("1.0"))["outcome"] == "changed"
    if step in {"verified", "tested"}:
        assert device.words[0]["have"] == len(kitchen("1.0"))


@pytest.mark.parametrize("step", ALL_STEPS)
def test_a_device_that_is_killed_at_any_step_runs_the_old_or_the_new_model(device, step):
    device.push(kitchen("0.9"))
    device.store.confirm(device.store.current_id())
    content = kitchen("1.0")
    with device.start("receive") as process:
        process.stdin.write(device.offer(content))
        process.stdin.flush()
        while (told := json.loads(process.stdout.readline())["step"]) != step:
            if told == "hello":
                process.stdin.write(content)
                process.stdin.flush()
        process.kill()
    current = device.store.current()
    current.refuse_damaged()
    assert current.version in ({"1.0"} if step == "switched" else {"0.9", "1.0"})
    start = device.store.begin_service("a boot")
    assert (start.model, start.troubles) == (current, ())
    have = sum(part.stat().st_size for part in device.store.incoming.glob("*.part"))
    last = device.talk(device.offer(content) + content[have:])
    assert last["outcome"] in {"changed", "unchanged"}
    assert device.store.current().version == "1.0"


def test_after_the_switch_the_service_decides_though_nobody_listens(device):
    with device.service(verdict="healthy"):
        process = device.start("receive")
        process.stdin.write(device.offer(kitchen("1.0")) + kitchen("1.0"))
        process.stdin.flush()
        while json.loads(process.stdout.readline())["step"] != "switched":
            pass
        process.stdout.close()
        process.send_signal(signal.SIGHUP)
        assert process.wait(60) == 0
    process.stdin.close()
    process.stderr.close()
    assert device.store.current().version == "1.0"
    assert device.store.last_trial().outcome == "confirmed"


def test_pushes_at_the_same_time_come_one_after_another(device):
    """The second waits, says so, and then finds the first one's model there."""
    sent = device.offer(kitchen("1.0")) + kitchen("1.0")
    with device.service(verdict="healthy"):
        pushes = [device.start("receive") for _ in range(3)]
        threads = [
            threading.Thread(target=lambda p=push: setattr(p, "told", p.communicate(sent)))
            for push in pushes
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    words = [[json.loads(line) for line in p.told[0].splitlines()] for p in pushes]
    assert sorted(said[-1]["outcome"] for said in words) == ["changed", "unchanged", "unchanged"]
    assert any({"step": "waiting"} in said for said in words)
    assert len(device.store.installed()) == 1


def test_a_push_waits_for_the_lock_and_says_so(device):
    with locked(device.store.push_lock, patience_s=1):
        process = device.start("receive")
        process.stdin.write(device.offer(kitchen("1.0")) + kitchen("1.0"))
        process.stdin.flush()
        steps = [json.loads(process.stdout.readline())["step"] for _ in range(3)]
    assert steps == ["hello", "received", "waiting"]
    rest, _ = process.communicate(timeout=60)
    assert json.loads(rest.splitlines()[-1])["outcome"] == "changed"


@pytest.mark.parametrize("asked", ["sh", "rm -rf /", "ser-edge model receive; sh", "scp -t /etc"])
def test_a_forced_command_does_nothing_else(device, monkeypatch, capsys, asked):
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", asked)
    assert main(["model", "receive"]) == 2
    captured = capsys.readouterr()
    assert f"may only deliver a model (`ser-edge model receive`), but was asked for {asked!r}" in (
        captured.err
    )
    assert captured.out == ""
    assert untouched(device)


@pytest.mark.parametrize("asked", ["", "ser-edge model receive"])
def test_a_forced_command_delivers(device, asked):
    process = device.start("receive", SSH_ORIGINAL_COMMAND=asked)
    told, _ = process.communicate(device.offer(kitchen("1.0")) + kitchen("1.0"), timeout=60)
    assert json.loads(told.splitlines()[-1])["outcome"] == "changed"
