"""Which processes hold a device file open, as the kernel tells it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A process that has a device open."""

    process: int
    name: str
    """As the kernel calls it: ``"arecord"``; of a Python program its script."""
    unit: str
    """The unit of the system that it belongs to; empty where a user started it."""
    node: Path

    def __str__(self) -> str:
        return f"{self.name} (process {self.process}) holds {self.node}"


def holders_of(nodes: Iterable[Path], *, proc: Path = Path("/proc")) -> list[Holder]:
    """Return who has one of these files open; other users' processes only if we are root."""
    wanted = set(nodes)
    return [
        holder(int(process.name), node, proc=proc)
        for process in sorted(proc.glob("[0-9]*"))
        for node in sorted(_open_files(process) & wanted)
    ]


def holder(process: int, node: Path, *, proc: Path) -> Holder:
    """Return what is known of a process; also for a thread's number, which some drivers tell."""
    folder = proc / str(process)
    return Holder(
        process=_field(folder, "Tgid") or process, name=_name(folder), unit=_unit(folder), node=node
    )


def _open_files(process: Path) -> set[Path]:
    found = set()
    with suppress(OSError):  # not ours to see, or already gone
        for link in (process / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile, as the one by which we look at ourselves
                found.add(link.readlink())
    return found


def _name(process: Path) -> str:
    if process.name == str(os.getpid()):
        return "this program itself"
    name = _text(process / "comm").strip() or "a process"
    script = _text(process / "cmdline").split("\0")[1:2]
    is_script = name.startswith("python") and script and not script[0].startswith("-")
    return Path(script[0]).name if is_script else name


def _unit(process: Path) -> str:
    parts = _text(process / "cgroup").strip().rpartition("\n")[2].split("/")
    units = [part for part in parts if part.endswith(".service")]
    return units[-1] if units and not units[0].startswith("user@") else ""


def _field(process: Path, key: str) -> int | None:
    for line in _text(process / "status").splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return int(value)
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
