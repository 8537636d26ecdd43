"""Signatures by ``ssh-keygen -Y``: who made them, and whether they belong to a model."""

from __future__ import annotations

import base64
import binascii
import logging
import re
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Final

from edge.contract.bundle import write_packed
from edge.errors import EXIT_UNAVAILABLE, NoInputError, SerError, SignatureError

NAMESPACE: Final = "ser-edge-model"

_log = logging.getLogger(__name__)

_FINGERPRINT: Final = re.compile(r'Good ".*" signature with (.*)')
_ARMOUR: Final = re.compile(
    r"-----BEGIN SSH SIGNATURE-----(.*)-----END SSH SIGNATURE-----", re.DOTALL
)
_MAGIC: Final = b"SSHSIG"
_LARGEST: Final = 65_536  # bytes; those of the longest keys have a few thousand

# What ssh-keygen says -> what it means and what helps. The first that is found holds.
_COMPLAINTS: Final = {
    "are too open": "others may read the key, so that it is not used; run `chmod 600 {key}`",
    "incorrect passphrase": "its passphrase was wrong, or nobody could be asked for it; "
    "run this in a terminal, or load the key with `ssh-add {key}`",
    "No private key found": "its private half is neither beside it nor in the agent; "
    "load it with ssh-add",
    "Couldn't load public key": "it is no key of ssh; make one with `ssh-keygen -t ed25519`",
}


class SigningError(SerError, OSError):
    """A signature cannot be made."""

    exit_code = EXIT_UNAVAILABLE


def signature_path(model: Path) -> Path:
    """Return where the signature of a model file lies: beside it."""
    return model.with_name(model.name + ".sig")


def sign(content: bytes, *, key: Path) -> str:
    """Return the armoured signature of a model file.

    Parameters
    ----------
    content : bytes
        Of the model file.
    key : Path
        A private key, or a public one whose private half the agent holds. ``ssh-keygen`` itself
        asks for a passphrase or a touch where one is needed.

    Raises
    ------
    NoInputError
        If there is no such key.
    SigningError
        If ssh-keygen is not there, or cannot use the key.
    """
    if not key.is_file():
        raise NoInputError(f"{key}: no such key; make one with `ssh-keygen -t ed25519 -f {key}`")
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        signature, complaint = _ssh_keygen(("-Y", "sign", "-n", NAMESPACE, "-f", str(key)), file)
    if not _ARMOUR.search(signature):
        raise SigningError(f"{key}: {_meaning(complaint, key)}")
    return signature


def write(model: Path, signature: str) -> Path:
    """Write the signature beside the model file, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = signature_path(model)
    write_packed(path, signature.encode())
    return path


def read(model: Path) -> str | None:
    """Return the signature that lies beside a model file; none where there is none.

    Raises
    ------
    SignatureError
        If it cannot be read.
    """
    path = signature_path(model)
    try:
        if path.stat().st_size > _LARGEST:
            raise SignatureError(f"{path}: too large for a signature; sign the model again")
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SignatureError(f"{path}: cannot be read: {error}; sign the model again") from error


def signer(content: bytes, signature: str, *, source: str) -> str:
    """Return the fingerprint of the key that a signature was made with.

    Whether that key is trusted is for each device to say.

    Raises
    ------
    SignatureError
        If the signature does not belong to this content.
    SigningError
        If ssh-keygen is not there.
    """
    with tempfile.NamedTemporaryFile() as armour, tempfile.TemporaryFile() as file:
        armour.write(signature.encode())
        armour.flush()
        file.write(content)
        file.seek(0)
        answer, complaint = _ssh_keygen(
            ("-Y", "check-novalidate", "-n", NAMESPACE, "-s", armour.name), file
        )
    good = _FINGERPRINT.search(answer)
    if not good:
        raise SignatureError(
            f"{source}: the signature is not this file's ({_last_line(complaint)}); "
            "sign the model again"
        )
    return good[1]


def allowed_signers_line(signature: str, *, name: str) -> str:
    """Return the line by which a device trusts whoever made a signature.

    Parameters
    ----------
    signature : str
        The armoured text; it holds the public key.
    name : str
        By which the device shall call them.

    Raises
    ------
    SignatureError
        If the text is no signature.
    """
    key = _public_key(signature)
    kind = _ssh_string(key, 0).decode(errors="replace")
    return f'{name} namespaces="{NAMESPACE}" {kind} {base64.b64encode(key).decode()}'


def _public_key(signature: str) -> bytes:
    armour = _ARMOUR.search(signature)
    try:
        blob = base64.b64decode(armour[1] if armour else "")
        if not blob.startswith(_MAGIC):
            raise SignatureError("the text is no signature of ssh-keygen; sign the model again")
        return _ssh_string(blob, len(_MAGIC) + 4)
    except (binascii.Error, struct.error) as error:
        raise SignatureError("the signature is damaged; sign the model again") from error


def _ssh_string(blob: bytes, offset: int) -> bytes:
    (length,) = struct.unpack_from(">I", blob, offset)
    return blob[offset + 4 : offset + 4 + length]


def _ssh_keygen(arguments: tuple[str, ...], content: IO[bytes]) -> tuple[str, str]:
    """Return what it says on both outputs; a call to touch a security key is passed on at once."""
    try:
        running = subprocess.Popen(  # noqa: S603 - no shell, and the words are ours
            ("ssh-keygen", *arguments),  # noqa: S607 - the user's own, as ssh is
            stdin=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except FileNotFoundError as error:
        raise SigningError("ssh-keygen is not there; install OpenSSH's client") from error
    with running:
        assert running.stdout
        assert running.stderr
        complaint = []
        for line in running.stderr:
            complaint.append(line)
            if "user presence" in line:
                _log.info("%s", line.strip())
        return running.stdout.read(), "".join(complaint)


def _meaning(complaint: str, key: Path) -> str:
    for part, meaning in _COMPLAINTS.items():
        if part in complaint:
            return meaning.format(key=key)
    return f"ssh-keygen cannot sign with it: {_last_line(complaint)}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"
