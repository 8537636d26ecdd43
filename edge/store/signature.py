"""Who signed a model: OpenSSH's own signatures, checked by OpenSSH's own tool."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from edge.errors import SignatureError

NAMESPACE: Final = "ser-edge-model"
"""What a signature is for; one that was made for mail or for Git does not count."""

_TOOL: Final = "ssh-keygen"
_TIMEOUT_S: Final = 30.0


def signer_of(content: Path, signature: bytes, *, signers: Path) -> str:
    """Return who signed a file.

    Parameters
    ----------
    content : Path
    signature : bytes
        Armored, as ``ssh-keygen -Y sign`` writes it.
    signers : Path
        Whose signatures count; see ALLOWED SIGNERS in ``man ssh-keygen``.

    Returns
    -------
    str
        The principal, the first word of the line in `signers`.

    Raises
    ------
    SignatureError
        If nobody there did.
    """
    if not signers.is_file():
        raise SignatureError(
            f"{signers} is missing, so that no signature counts; "
            "put a line there for each person who may sign models"
        )
    with tempfile.NamedTemporaryFile(prefix="ser-edge-", suffix=".sig") as file:
        file.write(signature)
        file.flush()
        return _first_that_fits(content, file.name, str(signers))


def _first_that_fits(content: Path, signature: str, signers: str) -> str:
    found = _run("find-principals", "-s", signature, "-f", signers, content=None)
    names = found.stdout.split("\n")[:-1] if found.returncode == 0 else []
    if not names:
        raise SignatureError(
            f"the model's signature is by nobody in {signers} ({_last_line(found)}); "
            "sign it with a key that is listed there, or add the signer's line"
        )
    reason = ""
    for name in names:
        whose = ("-I", name, "-n", NAMESPACE)
        verified = _run("verify", "-s", signature, "-f", signers, *whose, content=content)
        if verified.returncode == 0:
            return name
        reason = _last_line(verified)
    raise SignatureError(
        f"the model's signature by {names[0]} does not hold ({reason}); "
        f"sign this very file for {NAMESPACE} (`ser-trainer sign`) and push it again"
    )


def _run(action: str, *options: str, content: Path | None) -> subprocess.CompletedProcess[str]:
    command = [_TOOL, "-Y", action, *options]
    try:
        if content is None:
            return _finished(command, stdin=None)
        with content.open("rb") as file:
            return _finished(command, stdin=file.fileno())
    except FileNotFoundError as error:
        raise SignatureError(
            f"{_TOOL} is not installed here, so that no signature can be checked; "
            "install openssh-client"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SignatureError(f"{_TOOL} did not answer within {_TIMEOUT_S:g} s") from error


def _finished(command: list[str], *, stdin: int | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - no shell, and every word is ours
        command,
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIMEOUT_S,
        check=False,
    )


def _last_line(finished: subprocess.CompletedProcess[str]) -> str:
    said = (finished.stderr or finished.stdout).strip()
    return said.splitlines()[-1].rstrip(".\r") if said else f"exit code {finished.returncode}"
