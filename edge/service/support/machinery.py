"""What the system and its tools tell of this machine, for a support file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from edge import __version__
from edge.devices.gpiolines import chips
from edge.errors import SerError
from edge.service.checks.system import os_release, runs_systemd
from edge.service.checks.unit import UNIT
from edge.service.machine import ROOT, temperature_c, this_machine, throttling
from edge.service.support.parts import LeftOutError
from edge.service.tools import Answer, ask
from edge.store.catalog import ModelStore

_N_JOURNAL_LINES: Final = 500
_N_KERNEL_LINES: Final = 500
_KERNEL: Final = re.compile(
    r"usb|snd|audio|sound|alsa|voltage|throttl|mmc|ext4|i/o error|gpio|i2c|spi|oom|"
    r"out of memory|killed process|watchdog|rtc",
    re.IGNORECASE,
)
_SOUND_FILES: Final = (
    "cards",
    "devices",
    "pcm",
    "card*/id",
    "card*/usbid",
    "card*/stream*",
    "card*/pcm*c/sub*/status",
    "card*/pcm*c/sub*/hw_params",
)
_STATE_FILES: Final = ("proc/loadavg", "proc/uptime", "proc/meminfo", "proc/cmdline")
_BOOT: Final = ("boot/firmware/config.txt", "boot/config.txt")


def versions(root: Path = ROOT) -> str:
    """Return the versions of the system, the program, and everything installed beside it."""
    installed = sorted(
        f"{found.metadata['Name']}=={found.version}" for found in metadata.distributions()
    )
    release = os_release(root).get("PRETTY_NAME", "an unknown system")
    head = [f"ser-edge {__version__}", release, str(this_machine(root))]
    return "\n".join([*head, "", *dict.fromkeys(installed)]) + "\n"


def state(root: Path = ROOT) -> str:
    """Return load, memory, disks, temperature and what slowed the machine down."""
    troubles, celsius = throttling(root), temperature_c(root)
    lines = [
        f"temperature: {'unknown' if celsius is None else f'{celsius:.1f} degrees Celsius'}",
        f"throttling: {'unknown' if troubles is None else ', '.join(troubles) or 'none'}",
    ]
    files = _files(root, _STATE_FILES)
    tools = [_section("df -h", ask("df", "-hT")), _section("uname -a", ask("uname", "-a"))]
    return "\n\n".join(["\n".join(lines), *files, *tools]) + "\n"


def journal(root: Path = ROOT) -> str:
    """Return the last lines that the service wrote.

    Raises
    ------
    LeftOutError
        If there is no journal here, or it may not be read.
    """
    if not runs_systemd(root):
        raise LeftOutError("systemd does not run here, so that there is no journal")
    options = ("--no-pager", "--output=short-iso", "--no-hostname", f"--lines={_N_JOURNAL_LINES}")
    return _text(ask("journalctl", f"--unit={UNIT}", *options, limit_s=15.0))


def kernel(root: Path = ROOT) -> str:
    """Return what the kernel says of USB, sound, pins, card and voltage.

    Raises
    ------
    LeftOutError
        If it may not be read.
    """
    answer = ask("dmesg")
    if answer.fault and runs_systemd(root):
        answer = ask("journalctl", "--dmesg", "--no-pager", "--no-hostname", "--lines=3000")
    lines = [line for line in _text(answer).splitlines() if _KERNEL.search(line)]
    return "\n".join(lines[-_N_KERNEL_LINES:]) + "\n"


def unit(root: Path = ROOT) -> str:
    """Return everything that systemd knows of the service.

    Raises
    ------
    LeftOutError
        If there is no systemd.
    """
    if not runs_systemd(root):
        raise LeftOutError("systemd does not run here")
    units = ask("systemctl", "list-units", "ser-edge*", "--all", "--no-pager", "--no-legend")
    shown = ask("systemctl", "show", UNIT)
    return "\n\n".join((_section("units", units), _section("systemctl show", shown))) + "\n"


def sound(root: Path = ROOT) -> str:
    """Return the sound cards, their formats and their capture levels."""
    asound = root / "proc/asound"
    cards = sorted(folder.name.removeprefix("card") for folder in asound.glob("card[0-9]*"))
    mixers = [_section(f"amixer -c {n}", ask("amixer", "-c", n, "scontents")) for n in cards]
    listed = _section("arecord -l", ask("arecord", "-l"))
    return "\n\n".join((listed, *_files(asound, _SOUND_FILES), *mixers)) + "\n"


def pins(root: Path = ROOT) -> str:
    """Return every GPIO line that may be seen, and who uses it.

    Raises
    ------
    LeftOutError
        If there is no GPIO, or none that may be read.
    """
    found = chips(root / "dev")
    if not found:
        raise LeftOutError("there is no GPIO chip here that this user may read")
    lines = [
        f"{chip.node.name} {chip.label}\n"
        + "\n".join(
            f"  {line.number:3} {line.name:20} {line.consumer or ('used' if line.is_used else '-')}"
            for line in chip.lines
        )
        for chip in found
    ]
    boot = [text for text in _files(root, _BOOT) if text]
    return "\n\n".join((*lines, *boot)) + "\n"


def models(store: ModelStore) -> str:
    """Return the installed models, and how the last trial of one ended, as JSON."""
    table: dict[str, Any] = {"installed": [asdict(model) for model in store.installed()]}
    for name in ("current_id", "previous_id", "trial", "last_trial"):
        try:
            found = getattr(store, name)()
        except SerError as error:
            found = str(error)
        table[name] = found if found is None or isinstance(found, str) else asdict(found)
    return json.dumps(table, indent=2, default=str) + "\n"


def _files(folder: Path, patterns: Iterable[str]) -> list[str]:
    sections = []
    for pattern in patterns:
        for file in sorted(folder.glob(pattern)):
            try:
                text = file.read_text(encoding="utf-8", errors="replace").strip()
            except OSError as error:
                text = f"({error.strerror})"
            sections.append(f"--- {file}\n{text}")
    return sections


def _section(title: str, answer: Answer) -> str:
    fault = f"({answer.fault})" if answer.fault else ""
    return "\n".join(filter(None, (f"--- {title}", fault, answer.text)))


def _text(answer: Answer) -> str:
    if answer.fault:
        said = f": {answer.text.splitlines()[-1]}" if answer.text else ""
        raise LeftOutError(f"{answer.fault}{said}; `sudo ser-edge support` may see more")
    return answer.text
