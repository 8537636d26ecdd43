"""Everything that a program writes, to files, pipes and sockets, as the kernel saw it (strace)."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import need

_CALLS = (
    "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,"
    "sendfile,splice,tee,vmsplice,copy_file_range"
)
# Calls that move bytes without showing them to a tracer: nothing of ours may use them.
_BLIND = ("sendfile", "splice", "tee", "vmsplice", "copy_file_range")
_LINE = re.compile(r"^\d+ +(\w+)\((\d+)<([^>]*)>")
_ESCAPED = re.compile(r"(?:\\x[0-9a-f]{2})+")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(slots=True)
class Written:
    """What one program wrote, by where it went."""

    by_target: dict[str, bytearray] = field(default_factory=dict)
    blind_calls: list[str] = field(default_factory=list)

    @property
    def everything(self) -> bytes:
        """All bytes, whatever the target."""
        return b"\n".join(bytes(content) for content in self.by_target.values())

    def take(self, line: str) -> None:
        """Take one line of strace."""
        found = _LINE.match(line)
        if not found:
            return
        call, _, target = found.groups()
        if call in _BLIND:
            self.blind_calls.append(line)
        content = self.by_target.setdefault(_plain(target), bytearray())
        for text in _TEXT.findall(line):
            content += _bytes(text)


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _plain(target: str) -> str:
    """Return the name of a file or a socket; strace escapes the names of files as well."""
    return _ESCAPED.sub(lambda found: _bytes(found.group()).decode(errors="replace"), target)


def traced(command: Sequence[str], record: Path) -> list[str]:
    """Return the command that runs another one and records into a file what that writes."""
    need(shutil.which("strace"), "strace")
    options = ["-f", "--seccomp-bpf", "-yy", "-xx", "-s", str(2**24), "-e", f"trace={_CALLS}"]
    return ["strace", *options, "-e", "signal=none", "-o", str(record), "--", *command]


def written(record: Path) -> Written:
    """Return what a record of strace holds."""
    found = Written()
    with record.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            found.take(line)
    return found


def run(command: Sequence[str], record: Path, *, stdin: Path, env: Mapping[str, str]) -> Written:
    """Run a program to its end with a file on its standard input; return what it wrote."""
    with stdin.open("rb") as sound:
        ended = subprocess.run(
            traced(command, record), stdin=sound, capture_output=True, env=dict(env), check=False
        )
    assert ended.returncode == 0, ended.stderr.decode(errors="replace")
    return written(record)
