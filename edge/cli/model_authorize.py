"""`ser-edge model authorize`: the line that lets a key deliver models and do nothing else."""

from __future__ import annotations

import argparse
import base64
import binascii
from pathlib import Path
from typing import Final

from edge.errors import EXIT_OK, BundleError, NoInputError, UsageError

HELP: Final = "print the line for authorized_keys that lets a key deliver models, and nothing else"

EXAMPLES: Final = """\
  ser-edge model authorize push.pub | sudo tee -a /etc/ser-edge/authorized_keys
"""

EXIT_CODES: Final = """\
  0  done                      65 the file holds no public key
  66 no such file
"""

COMMAND: Final = "ser-edge model receive"
"""What a push asks for, and what a key's forced command may be asked for."""

_PROGRAM_FOLDER: Final = "/usr/local/bin/"
_TYPES: Final = ("ssh-", "ecdsa-sha2-", "sk-")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("key", type=Path, metavar="KEY.pub", help="a public key of OpenSSH's")


def execute(arguments: argparse.Namespace) -> int:
    """Print a line for each key of the file."""
    for key in _keys(arguments.key):
        print(f'restrict,command="{_PROGRAM_FOLDER}{COMMAND}" {key}')
    return EXIT_OK


def _keys(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError as error:
        raise NoInputError(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; check the path") from error
    if "PRIVATE KEY" in text:
        raise BundleError(f"{path} is a private key, which stays where it is; name {path}.pub")
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys or not all(map(_is_key, keys)):
        raise BundleError(
            f"{path} holds no public key of OpenSSH's; expected lines such as "
            "'ssh-ed25519 AAAA... name', as ssh-keygen writes them into KEY.pub"
        )
    return keys


def _is_key(line: str) -> bool:
    """Tell a bare key: type, the same type again in base64, a comment; no options before."""
    kind, _, rest = line.partition(" ")
    encoded = rest.split(" ")[0]
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    length = int.from_bytes(blob[:4], "big")
    return kind.startswith(_TYPES) and blob[4 : 4 + length] == kind.encode()
