"""What ssh says on standard error, as one sentence that names the remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

_SSH_FAILED: Final = 255
_NOT_FOUND: Final = 127
_BY_SIGNAL: Final = 128
_LONGEST: Final = 300

_CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """Why a connection has failed."""

    sentence: str
    outcome: Literal["unreachable", "failed"]
    is_passing: bool
    """Whether another attempt may help."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    pattern: str
    sentence: str
    is_passing: bool = False
    outcome: Literal["unreachable", "failed"] = "unreachable"


# The first that is found holds.
_KNOWN: Final = (
    _Known(
        pattern=r"(?s)REMOTE HOST IDENTIFICATION HAS CHANGED"
        r"(?:.*?(?P<found>ssh-keygen -f [^\n]*))?",
        sentence="{host} shows another host key than the one that is known here; if it was set up "
        "anew, run `{found}`, connect once with `ssh {host}` and compare the fingerprint; "
        "if it was not, somebody may sit in between",
    ),
    _Known(
        pattern=r"Host key verification failed|No \w+ host key is known",
        sentence="the host key of {host} is not known here; connect once with `ssh {host}` and "
        "compare the fingerprint",
    ),
    _Known(
        pattern=r"Permission denied \((?P<found>[^)]*)\)|Too many authentication failures",
        sentence="{host} accepts none of the keys that ssh has here; load the right one with "
        "ssh-add or name it with -o IdentityFile=KEY, and see that its public half stands in the "
        "Pi's authorized_keys (`ser-edge model authorize KEY.pub` prints the line)",
    ),
    _Known(
        pattern=r"(?:Could not resolve hostname|Name or service not known)(?P<found>)",
        sentence="no host is called {host}; check its name, or give its address",
        is_passing=True,
    ),
    _Known(
        pattern=r"(?P<found>Connection refused|No route to host|Network is unreachable"
        r"|(?:Connection|Operation) timed out|Connection timed out during banner exchange)",
        sentence="nobody answers at {host} ({found}); see that it is switched on, in the network, "
        "and that its ssh runs",
        is_passing=True,
    ),
    _Known(
        pattern=r"(?P<found>Bad (?:configuration option|owner or permissions)[^\n]*"
        r"|command-line[ :]+line \d+[^\n]*|no such identity[^\n]*)",
        sentence="ssh does not start: {found}; check ~/.ssh/config and the -o options",
        outcome="failed",
    ),
    _Known(
        pattern=r"(?P<found>sudo: [^\n]*)",
        sentence="{host} does not let this user run the remote command ({found}); check "
        "--remote-command and the Pi's sudoers, or use a key for the user ser-edge",
        outcome="failed",
    ),
)


def of_ssh(complaints: str, *, host: str, exit_code: int) -> Complaint:
    """Return what the end of ssh means, when the device has not said how it ended.

    Parameters
    ----------
    complaints : str
        Standard error of ssh, where that of the remote command stands, too.
    host : str
        As the user calls it.
    exit_code : int
    """
    for known in _KNOWN:
        if match := re.search(known.pattern, complaints):
            return Complaint(
                sentence=known.sentence.format(host=host, found=_found(match, host)),
                outcome=known.outcome,
                is_passing=known.is_passing,
            )
    said = last_line(complaints)
    if exit_code == _SSH_FAILED or exit_code > _BY_SIGNAL or exit_code < 0:
        return Complaint(
            sentence=f"the connection to {host} broke ({said or 'without a word'}); "
            "run the same command again, it goes on where this one ended",
            outcome="failed",
            is_passing=True,
        )
    if exit_code == _NOT_FOUND:
        return Complaint(
            sentence=f"{host} has no ser-edge ({said or 'command not found'}); install it there, "
            "or name it with --remote-command",
            outcome="failed",
            is_passing=False,
        )
    return Complaint(
        sentence=f"ser-edge at {host} ended with exit code {exit_code} and no answer: "
        f"{said or 'it said nothing'}; try `ssh {host} ser-edge doctor`",
        outcome="failed",
        is_passing=False,
    )


def printable(text: str) -> str:
    """Return a foreign text as one line that does nothing to a terminal."""
    line = " ".join(_CONTROL.sub("", text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def last_line(text: str) -> str:
    """Return the last line that is not empty; most programs say there why they end."""
    lines = [cleaned for line in text.splitlines() if (cleaned := printable(line))]
    return lines[-1] if lines else ""


def _found(match: re.Match[str], host: str) -> str:
    found = printable(match.groupdict().get("found") or "")
    return found or f"ssh-keygen -R {host}"
