"""Signatures by real keys, and what is offered with them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from edge.errors import BundleError, NoInputError, SerError, SignatureError
from tests.support import need
from tests.trainer.delivery.conftest import ROOM
from trainer.cli import main
from trainer.delivery import offer, signing

CONTENT = b"a model"


def ssh_keygen(*words: str, **options: object) -> str:
    need(shutil.which("ssh-keygen"), "ssh-keygen (Debian: openssh-client)")
    return subprocess.run(
        ("ssh-keygen", *words), check=True, capture_output=True, text=True, **options
    ).stdout


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", "ann@desk", "-f", str(path))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "room.tflite"
    shutil.copy(ROOM, path)
    return path


def test_a_signature_is_what_a_device_verifies(key: Path, tmp_path: Path) -> None:
    signature = signing.sign(CONTENT, key=key)
    (tmp_path / "sig").write_text(signature)
    (tmp_path / "allowed").write_text(signing.allowed_signers_line(signature, name="ann"))
    options = ("-n", signing.NAMESPACE, "-I", "ann", "-s", str(tmp_path / "sig"))
    command = ("-Y", "verify", "-f", str(tmp_path / "allowed"), *options)
    assert 'Good "ser-edge-model" signature for ann' in ssh_keygen(*command, input="a model")


def test_the_signer_is_named_by_fingerprint(key: Path) -> None:
    told = signing.signer(CONTENT, signing.sign(CONTENT, key=key), source="x")
    assert told.split()[-1] == ssh_keygen("-l", "-f", str(key)).split()[1]


def test_a_signature_of_something_else_is_refused(key: Path) -> None:
    signature = signing.sign(CONTENT, key=key)
    with pytest.raises(SignatureError, match="the signature is not this file's"):
        signing.signer(b"another model", signature, source="x")


def test_a_key_in_the_agent_signs(key: Path, tmp_path: Path, monkeypatch) -> None:
    socket = tmp_path / "agent"
    agent = subprocess.Popen(("ssh-agent", "-D", "-a", str(socket)), stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        for _ in range(1000):
            if socket.exists():
                break
            subprocess.run(("sleep", "0.01"), check=True)
        subprocess.run(("ssh-add", "-q", str(key)), check=True)
        key.unlink()
        assert signing.sign(CONTENT, key=key.with_suffix(".pub")).startswith("-----BEGIN SSH")
    finally:
        agent.terminate()
        agent.wait()


def rubbish_instead_of(key: Path) -> None:
    key.write_text("no key")
    key.with_suffix(".pub").unlink()


def with_passphrase(key: Path) -> None:
    ssh_keygen("-q", "-p", "-P", "", "-N", "secret", "-f", str(key))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (Path.unlink, "no such key"),
        (lambda key: key.chmod(0o644), "run `chmod 600"),
        (rubbish_instead_of, "it is no key of ssh"),
        (with_passphrase, "its passphrase was wrong"),
    ],
)
def test_a_key_that_cannot_sign_is_explained(
    spoil, told: str, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(key)
    # Without a terminal and a program that asks, nobody can be asked.
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    with pytest.raises(SerError, match=told):
        signing.sign(CONTENT, key=key)


def test_the_verb_writes_the_signature_beside_the_model(
    key: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sign", str(model), "--key", str(key), "--name", "ann@desk"]) == 0
    told = capsys.readouterr().out
    assert "room.tflite.sig: " in told
    public = key.with_suffix(".pub").read_text().split()
    assert f'\nann@desk namespaces="ser-edge-model" {public[0]} {public[1]}\n' in told
    offered = offer.prepare(model, key=None, allow_downgrade=False)
    assert offered.signature == (model.parent / "room.tflite.sig").read_text()
    assert offered.signer


def test_a_model_that_was_exported_anew_needs_a_new_signature(key: Path, model: Path) -> None:
    signing.write(model, signing.sign(CONTENT, key=key))
    with pytest.raises(SignatureError, match=r"room\.tflite\.sig: .*sign the model again"):
        offer.prepare(model, key=None, allow_downgrade=False)


def test_a_signature_of_rubbish_is_refused(model: Path) -> None:
    signing.signature_path(model).write_text("rubbish\n")
    with pytest.raises(SignatureError, match="sign the model again"):
        offer.prepare(model, key=None, allow_downgrade=False)


@pytest.mark.parametrize(
    "text", ["", "rubbish", "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----"]
)
def test_no_line_for_a_device_is_made_of_rubbish(text: str) -> None:
    with pytest.raises(SignatureError):
        signing.allowed_signers_line(text, name="ann")


def test_only_a_whole_model_is_offered(model: Path, tmp_path: Path) -> None:
    with pytest.raises(NoInputError):
        offer.prepare(tmp_path / "absent", key=None, allow_downgrade=False)
    model.write_bytes(model.read_bytes()[:-500])
    with pytest.raises(BundleError):
        offer.prepare(model, key=None, allow_downgrade=False)
