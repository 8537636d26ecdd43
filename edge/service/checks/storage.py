"""Disk, SD card and log: room, health, and the right to write."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.config.places import SERVICE_USER
from edge.errors import NoInputError
from edge.record.query import LogReader
from edge.service.checks.finding import Finding, not_applicable, well
from edge.service.checks.people import Person
from edge.service.machine import ROOT
from edge.service.tools import Answer, ask

_LEAST_FREE_MB: Final = 300.0
_LEAST_FREE_SHARE: Final = 0.05
_NOTHING_LEFT_MB: Final = 20.0
_GROWTH_MB: Final = 100.0
_CLEAN: Final = (
    "`sudo apt clean && sudo journalctl --vacuum-size=50M`; "
    "`sudo du -xhd1 / | sort -h` shows what is large"
)
_BACKUP: Final = (
    "save what matters, `sudo tar czf ser-edge-backup.tgz /etc/ser-edge /var/lib/ser-edge`, then "
    "write a new card: this one is failing"
)
_CARD_TROUBLE: Final = re.compile(
    r"mmc\d+: .*(?:error|timeout)|mmcblk\d.*error|I/O error|EXT4-fs error|"
    r"Remounting filesystem read-only",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Space:
    """The room on the file system of a folder."""

    free_mb: float
    """10^6 bytes that an ordinary user may still write."""
    total_mb: float
    has_names: bool
    """Whether files can still be made (a file system can run out of inodes before it is full)."""
    is_read_only: bool


def space_of(folder: Path) -> Space:
    """Ask the kernel."""
    status = os.statvfs(folder)
    return Space(
        free_mb=status.f_bavail * status.f_frsize / 1e6,
        total_mb=status.f_blocks * status.f_frsize / 1e6,
        has_names=status.f_favail > 0 or status.f_files == 0,
        is_read_only=bool(status.f_flag & os.ST_RDONLY),
    )


def disk(folders: Iterable[Path], *, space: Callable[[Path], Space] = space_of) -> Finding:
    """Check the file systems that the program writes to, and the system's own."""
    places = list(dict.fromkeys(map(_existing, folders)))
    findings = [_room(place, space(place)) for place in places]
    worst = max(findings, key=lambda one: ("ok", "warning", "problem").index(one.verdict))
    found = ", ".join(dict.fromkeys(one.found for one in findings))
    return Finding(name="disk", verdict=worst.verdict, found=found, remedy=worst.remedy)


def card(root: Path = ROOT, *, kernel_log: str | None = None) -> Finding:
    """Look for signs of a failing SD card: the file system's error count, the kernel's complaints.

    Parameters
    ----------
    root : Path
        Where ``sys`` lies.
    kernel_log : str, optional
        What `dmesg` says; asked where it is None.
    """
    told = ask("dmesg") if kernel_log is None else Answer(text=kernel_log)
    counts = {
        file.parent.name: int(file.read_text(encoding="ascii"))
        for file in sorted((root / "sys/fs/ext4").glob("*/errors_count"))
    }
    signs = [f"{name}: {count} file system errors" for name, count in counts.items() if count]
    lines = [line.strip() for line in told.text.splitlines() if _CARD_TROUBLE.search(line)]
    if lines:
        signs.append(f"{len(lines)} complaints of the kernel, the last: {lines[-1]}")
    if signs:
        return Finding(name="card", verdict="problem", found="; ".join(signs), remedy=_BACKUP)
    looked = [*(["file system"] if counts else []), *([] if told.fault else ["kernel's log"])]
    if not looked:
        return not_applicable("card", "only root sees the kernel's log: `sudo ser-edge doctor`")
    return well("card", f"no errors in the {' and the '.join(looked)}")


def log_file(log: Path, person: Person, *, max_mb: float) -> Finding:
    """Check that the log can be written, has room to grow to `max_mb`, and can be read.

    Parameters
    ----------
    log : Path
    person : Person
        Who writes it.
    max_mb : float
        As configured.
    """
    folder = _existing(log)
    try:
        free_mb = space_of(folder).free_mb
        shut = [path for path in (folder, *_parts(log)) if not person.may_use(path)]
    except PermissionError:
        return not_applicable("log", f"only root sees {log}: `sudo ser-edge doctor`")
    found = f"{log}, {free_mb:.0f} MB free"
    if shut:
        words = f"{found}, but {person.name} may not write {shut[0]}"
        remedy = _ownership(log.parent, person)
        return Finding(name="log", verdict="problem", found=words, remedy=remedy)
    if free_mb < max_mb + _GROWTH_MB:
        words = f"{found}: it may grow to {max_mb:g} MB"
        return Finding(
            name="log", verdict="warning", found=words, remedy=f"lower log.max_mb, or {_CLEAN}"
        )
    broken = sorted(folder.glob(f"{log.name}.corrupt-*[0-9Z]")) if log.exists() else []
    if broken:
        words = f"{found}; it was damaged before: {broken[-1].name}"
        return Finding(name="log", verdict="warning", found=words, remedy=_BACKUP)
    _try_reading(log)
    return well("log", found)


def _room(place: Path, space: Space) -> Finding:
    found = f"{place}: {space.free_mb:.0f} of {space.total_mb:.0f} MB free"
    if space.is_read_only:
        return Finding(
            name="disk",
            verdict="problem",
            found=f"{place} is read-only, as Linux makes a disk that fails",
            remedy=f"`sudo reboot`; if it stays so, {_BACKUP}",
        )
    if space.free_mb < _NOTHING_LEFT_MB or not space.has_names:
        what = found if space.has_names else f"{found}, but not one more file can be made"
        return Finding(name="disk", verdict="problem", found=f"full: {what}", remedy=_CLEAN)
    if space.free_mb < min(_LEAST_FREE_MB, _LEAST_FREE_SHARE * space.total_mb):
        return Finding(name="disk", verdict="warning", found=f"almost full: {found}", remedy=_CLEAN)
    return well("disk", found)


def _existing(place: Path) -> Path:
    """Return the nearest folder that is there, or that we are not even allowed to look for."""
    for folder in place.absolute().parents:
        try:
            if folder.exists():
                return folder
        except PermissionError:
            continue
    return Path("/")


def _parts(log: Path) -> list[Path]:
    return [path for end in ("", "-wal", "-shm") if (path := Path(f"{log}{end}")).exists()]


def _ownership(folder: Path, person: Person) -> str:
    group = SERVICE_USER if person.name == SERVICE_USER else ""
    owner = f"{person.name}:{group}"
    return (
        f"`sudo mkdir -p {folder} && sudo chown -R {owner} {folder}`, "
        "or set log.path to another place"
    )


def _try_reading(log: Path) -> None:
    try:
        with LogReader(log) as reader:
            reader.sessions()
    except NoInputError:
        return
