"""`ser-trainer sign`: a signature beside a model file."""

from __future__ import annotations

import argparse
import getpass
import socket
from pathlib import Path

EXAMPLES = """\
  ser-trainer sign room.tflite --key ~/.ssh/id_ed25519
  ser-trainer sign room.tflite --key ~/.ssh/id_ed25519.pub    the private half is in the agent

The signature lies beside the file, as room.tflite.sig; `ser-trainer push` takes it from there.
Which keys a device trusts stands in its /etc/ser-edge/allowed_signers. The line is printed.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="a model file")
    parser.add_argument(
        "--key",
        type=Path,
        required=True,
        metavar="KEY",
        help="private key of ssh, or the public one of a key in the agent",
    )
    parser.add_argument(
        "--name",
        default=_own_name(),
        help="what devices shall call the signer (default: %(default)s)",
    )


def execute(arguments: argparse.Namespace) -> None:
    """Verify, sign, and say whom a device must trust."""
    from trainer.delivery import offer, signing

    offered = offer.prepare(arguments.model, key=arguments.key, allow_downgrade=False)
    assert offered.signature is not None
    path = signing.write(arguments.model, offered.signature)
    print(f"{path}: {offered.subject} signed with {offered.signer}")
    print("a device trusts this key by one line in its allowed_signers:")
    print(signing.allowed_signers_line(offered.signature, name=arguments.name))


def _own_name() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):  # a container may run as a user who has no name
        return socket.gethostname()
