from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from edge.errors import SignatureError
from edge.store.signature import NAMESPACE, signer_of
from tests.edge.store.keys import make_key, signed
from tests.support import need


@pytest.fixture
def signers(tmp_path: Path) -> Path:
    need(shutil.which("ssh-keygen"), "ssh-keygen")
    for name in ("ann", "bob"):
        make_key(tmp_path / name)
    path = tmp_path / "allowed_signers"
    path.write_text(f"ann@desk {(tmp_path / 'ann.pub').read_text()}")
    return path


@pytest.fixture
def content(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"what is signed")
    return path


def test_who_signed_it(tmp_path, signers, content):
    signature = signed(content, tmp_path / "ann")
    assert signer_of(content, signature, signers=signers) == "ann@desk"


def test_a_signer_may_have_several_lines(tmp_path, signers, content):
    with signers.open("a") as file:
        file.write(f"# the new key\nbob@desk {(tmp_path / 'bob.pub').read_text()}")
    assert signer_of(content, signed(content, tmp_path / "bob"), signers=signers) == "bob@desk"


def test_a_signer_who_may_sign_other_things_only_does_not_count(tmp_path, signers, content):
    key = (tmp_path / "ann.pub").read_text()
    signers.write_text(f'ann@desk namespaces="git" {key}')
    with pytest.raises(SignatureError):
        signer_of(content, signed(content, tmp_path / "ann"), signers=signers)
    signers.write_text(f'ann@desk namespaces="git,{NAMESPACE}" {key}')
    assert signer_of(content, signed(content, tmp_path / "ann"), signers=signers) == "ann@desk"


def test_a_key_whose_time_is_over_does_not_count(tmp_path, signers, content):
    key = (tmp_path / "ann.pub").read_text()
    signers.write_text(f'ann@desk valid-before="20200101" {key}')
    with pytest.raises(SignatureError):
        signer_of(content, signed(content, tmp_path / "ann"), signers=signers)


@pytest.mark.parametrize(
    ("who", "namespace", "change", "sentence"),
    [
        ("bob", NAMESPACE, b"", "by nobody in .*allowed_signers"),
        ("ann", "git", b"", "by ann@desk does not hold .*namespace"),
        ("ann", NAMESPACE, b"!", "by ann@desk does not hold .*incorrect signature"),
    ],
)
def test_a_signature_that_does_not_count(
    tmp_path, signers, content, who, namespace, change, sentence
):
    signature = signed(content, tmp_path / who, namespace=namespace)
    content.write_bytes(content.read_bytes() + change)
    with pytest.raises(SignatureError, match=sentence) as caught:
        signer_of(content, signature, signers=signers)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rubbish", [b"", b"-----BEGIN SSH SIGNATURE-----\nAAAA\n", bytes(1000)])
def test_rubbish_is_no_signature(signers, content, rubbish):
    with pytest.raises(SignatureError, match="by nobody in"):
        signer_of(content, rubbish, signers=signers)


def test_without_signers_or_without_the_tool_nothing_counts(
    tmp_path, signers, content, monkeypatch
):
    signature = signed(content, tmp_path / "ann")
    with pytest.raises(SignatureError, match=r"nowhere is missing"):
        signer_of(content, signature, signers=tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SignatureError, match="install openssh-client"):
        signer_of(content, signature, signers=signers)


def test_the_tool_itself_agrees(tmp_path, signers, content):
    """The same command by hand, as docs/push.md has it."""
    signature = tmp_path / "model.tflite.sig"
    signature.write_bytes(signed(content, tmp_path / "ann"))
    command = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", "ann@desk"]
    command += ["-n", NAMESPACE, "-s", str(signature)]
    with content.open("rb") as file:
        finished = subprocess.run(command, stdin=file, capture_output=True, check=False)
    assert finished.returncode == 0
