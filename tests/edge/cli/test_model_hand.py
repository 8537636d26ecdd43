"""What a person does with installed models: list, activate, rollback, verify, authorize."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from edge.cli import main
from edge.store.locks import locked
from tests.edge.cli.device import Device
from tests.edge.store import crafted
from tests.edge.store.keys import make_key, signed
from tests.edge.store.models import added, kitchen


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    made = Device(tmp_path)
    monkeypatch.setenv("SER_EDGE_CONFIG", str(made.config))
    return made


@pytest.fixture
def said(device: Device, capsys: pytest.CaptureFixture[str]):
    """Run a verb; return its exit code and all that it printed."""

    def run(*words: str) -> tuple[int, str]:
        code = main(["model", *words])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def real(device: Device, version: str):
    return added(device.store, version, content=kitchen(version))


class TestList:
    def test_without_any_push(self, device, said):
        assert said("list") == (0, "current  bundled  comes with the program\n")
        assert not device.store.root.exists()

    def test_roles_signers_and_how_the_last_trial_ended(self, device, said):
        for version in ("1", "2", "3"):
            model = added(device.store, version)
            device.store.switch(model.id)
            device.store.confirm(model.id)
        four = added(device.store, "4")
        device.store.switch(four.id)
        lines = said("list")[1].splitlines()
        assert lines[0].split() == ["bundled", "comes", "with", "the", "program"]
        assert lines[1].startswith(f"current, on trial  {four.id}  received 20")
        assert lines[1].endswith(" UTC  signed by ann@desk")
        assert lines[2].startswith("previous           kitchen-3-")
        device.store.revert(four.id, why="it was deaf")
        last = said("list")[1].splitlines()[-1]
        assert last.startswith(f"last change: {four.id} was taken back at 20")
        assert last.endswith(" UTC: it was deaf")

    def test_as_json(self, device, said):
        model = added(device.store, "1")
        device.store.switch(model.id)
        table = json.loads(said("list", "--json")[1])
        assert (table["current"], table["previous"], table["pinned"]) == (model.id, None, None)
        assert table["trial"]["back_to"] is None
        assert table["last_trial"] is None
        assert table["installed"][0]["path"] == str(model.path)
        device.store.confirm(model.id)
        assert json.loads(said("list", "--json")[1])["last_trial"]["outcome"] == "confirmed"

    def test_a_damaged_current_model_is_said(self, device, said):
        model = added(device.store, "1")
        device.store.switch(model.id)
        (model.path.parent / "received.json").unlink()
        code, text = said("list")
        assert code == 0
        assert f"{model.id}  damaged: push it again" in text

    def test_a_pinned_model_is_said(self, device, said):
        device.configure('[model]\npath = "/opt/mine.tflite"\n')
        assert "model.path names /opt/mine.tflite: that model runs" in said("list")[1]


class TestActivate:
    def test_without_a_service_the_trial_waits(self, device, said):
        model = real(device, "1.0")
        code, text = said("activate", "kitchen-1")
        assert code == 0
        assert text.splitlines()[:2] == [f"testing: {model.id}", f"switched: {model.id}"]
        assert "its trial begins when the service starts" in text
        assert device.store.trial().model == model.id

    def test_the_service_judges(self, device, said):
        one, two = real(device, "1"), real(device, "2")
        with device.service(verdict="healthy"):
            code, text = said("activate", one.id)
        assert (code, text.splitlines()[-1]) == (0, f"{one.id} runs: it stayed healthy")
        with device.service(verdict="it was late"):
            code, text = said("activate", two.id)
        assert code == 75
        assert f"{two.id} was taken back and {one.id} runs again: it was late" in text

    def test_the_bundled_model(self, device, said):
        model = real(device, "1")
        device.store.switch(model.id)
        device.store.confirm(model.id)
        assert said("activate", "bundled")[0] == 0
        assert device.store.current_id() is None
        assert device.store.previous_id() == model.id

    def test_what_fails_its_self_test_is_not_switched_to(self, device, said):
        added(device.store, "1", content=crafted.mistaken())
        code, text = said("activate", "kitchen")
        assert code == 65
        assert "golden case" in text
        assert device.store.current_id() is None

    def test_what_is_not_there(self, said):
        code, text = said("activate", "cellar")
        assert code == 66
        assert "no installed model is called 'cellar'; installed: none" in text

    def test_during_a_push(self, device, said, monkeypatch):
        monkeypatch.setattr("edge.app.installing._PATIENCE_S", 0.1)
        real(device, "1")
        with locked(device.store.push_lock, patience_s=1):
            code, text = said("activate", "kitchen")
        assert code == 74
        assert "push.lock has been held by another process" in text


class TestRollback:
    def test_there_and_back_again(self, device, said):
        one, two = added(device.store, "1"), added(device.store, "2")
        for model in (one, two):
            device.store.switch(model.id)
            device.store.confirm(model.id)
        assert said("rollback") == (0, f"{one.id} is current; no service runs here\n")
        with device.service(verdict=None):
            code, text = said("rollback")
        assert (code, text) == (0, f"{two.id} is current; the service takes it up within seconds\n")

    def test_to_nothing(self, said):
        code, text = said("rollback")
        assert code == 2
        assert "the current model is bundled, and no other was current before it" in text

    def test_during_the_trial_of_a_push(self, device, said):
        model = added(device.store, "1")
        device.store.switch(model.id)
        with locked(device.store.push_lock, patience_s=1):
            assert said("rollback")[0] == 0
        assert device.store.current_id() is None

    def test_to_a_damaged_model(self, device, said):
        for version in ("1", "2"):
            model = added(device.store, version)
            device.store.switch(model.id)
            device.store.confirm(model.id)
        device.store.previous().path.write_bytes(b"rot")
        code, text = said("rollback")
        assert code == 65
        assert "push it again" in text
        assert device.store.current_id() == model.id


@pytest.mark.parametrize("words", [["activate", "kitchen"], ["rollback"]])
def test_a_pinned_model_stays(device, said, words):
    device.configure('[model]\npath = "/opt/mine.tflite"\n')
    code, text = said(*words)
    assert code == 78
    assert f"{device.config}:2: model.path names /opt/mine.tflite" in text


class TestVerify:
    def test_the_bundled_model(self, said):
        code, text = said("verify")
        assert code == 0
        name, *checks = text.splitlines()
        assert name == "bundled"
        assert [line.split()[:2] for line in checks] == [
            ["checksum", "ok"],
            ["signature", "ok"],
            ["self-test", "ok"],
        ]

    def test_an_installed_model(self, device, said):
        device.push(kitchen("1.0"))
        for words in ([], ["kitchen-1.0"]):
            code, text = said("verify", *words)
            assert code == 0
            assert "signature  ok     by ann@desk\n" in text
        current = device.store.current()
        current.path.write_bytes(crafted.flipped(kitchen("1.0")))
        code, text = said("verify", "--json")
        table = json.loads(text)
        assert (code, table["is_well"], table["model"]) == (65, False, current.id)
        assert [check["is_well"] for check in table["checks"]] == [False, False, False]

    def test_a_file_with_its_signature_beside_it(self, device, said, tmp_path):
        path = tmp_path / "new.tflite"
        path.write_bytes(kitchen("1.0"))
        code, text = said("verify", str(path))
        assert code == 65
        assert "signature  WRONG  the model is not signed" in text
        path.with_name("new.tflite.sig").write_bytes(signed(path, device.key))
        assert said("verify", str(path))[0] == 0

    def test_a_crashing_file_crashes_nothing_else(self, device, said, tmp_path):
        device.configure("[store]\nallow_unsigned = true\n")
        path = tmp_path / "new.tflite"
        path.write_bytes(crafted.crashing())
        code, text = said("verify", str(path))
        assert code == 65
        assert re.search(f"self-test  WRONG  .*({crafted.CRASHED})", text)

    @pytest.mark.parametrize("name", ["nowhere.tflite", "cellar"])
    def test_what_is_not_there(self, said, name):
        assert said("verify", name)[0] == 66


class TestAuthorize:
    def test_the_line_is_one_that_ssh_understands(self, said, tmp_path):
        make_key(tmp_path / "push")
        public = (tmp_path / "push.pub").read_text().strip()
        code, line = said("authorize", str(tmp_path / "push.pub"))
        assert code == 0
        assert line == f'restrict,command="/usr/local/bin/ser-edge model receive" {public}\n'
        authorized = tmp_path / "authorized_keys"
        authorized.write_text(line)
        listed = subprocess.run(
            ["ssh-keygen", "-l", "-f", str(authorized)], capture_output=True, text=True, check=True
        )
        assert "push@desk" in listed.stdout

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            ("-----BEGIN OPENSSH PRIVATE KEY-----\n", 65),
            ("", 65),
            ("# only a comment\n", 65),
            ("ssh-ed25519 AAAA x\n", 65),
            ('command="sh" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== x\n', 65),
            ("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA== another type inside\n", 65),
            (None, 66),
        ],
    )
    def test_what_is_no_public_key(self, said, tmp_path, content, code):
        path = tmp_path / "key"
        if content is not None:
            path.write_text(content)
        found, text = said("authorize", str(path))
        assert found == code
        assert "restrict" not in text


def test_the_current_model_is_what_other_verbs_use(device, said, capsys):
    device.push(kitchen("3.1"))
    assert "model         kitchen 3.1, made" in said("show")[1]
    assert "model         room" in said("show", "bundled")[1]
    assert main(["selftest"]) == 0
    assert "kitchen 3.1 with" in capsys.readouterr().out


@pytest.mark.parametrize("action", ["list", "activate", "rollback", "verify", "receive"])
def test_help_has_examples_and_exit_codes(action, capsys):
    with pytest.raises(SystemExit):
        main(["model", action, "--help"])
    text = capsys.readouterr().out
    assert "examples:\n  " in text
    assert "exit codes:\n  0 " in text
