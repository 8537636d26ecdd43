"""The machine itself: its system, its Python, its power and its clock."""

from __future__ import annotations

import platform
import struct
import sys
from pathlib import Path
from typing import Final

import numpy as np

from edge.record.moments import SystemClock
from edge.service.checks.finding import Finding, not_applicable, well
from edge.service.machine import ROOT, temperature_c, this_machine, throttling
from edge.service.tools import ask

_OLDEST_PYTHON: Final = (3, 11)
_NEWEST_PYTHON: Final = (3, 13)
_OLDEST_DEBIAN: Final = 12
_ARCHITECTURES: Final = ("aarch64", "armv7l", "x86_64")
_HOT_C: Final = 80.0
"""A Raspberry Pi begins to slow down here."""
_NEW_CARD: Final = (
    "write a new card with Raspberry Pi Imager: Raspberry Pi OS (64-bit), Bookworm or newer"
)


def system(root: Path = ROOT, *, pointer_bits: int = 8 * struct.calcsize("P")) -> Finding:
    """Check the operating system: its age, and whether it is a 64-bit one."""
    release = os_release(root)
    name = release.get("PRETTY_NAME", f"{platform.system()} {platform.release()}")
    bits = f"{name}, {pointer_bits}-bit"
    debian = release.get("VERSION_ID", "")
    is_debian = release.get("ID") in ("debian", "raspbian")
    if is_debian and debian.isdecimal() and int(debian) < _OLDEST_DEBIAN:
        found = f"{bits}: older than Bookworm (Debian {_OLDEST_DEBIAN})"
        return Finding(name="system", verdict="problem", found=found, remedy=_NEW_CARD)
    if platform.machine() == "aarch64" and pointer_bits == 32:
        found = f"{bits} on a 64-bit processor: slower, and only tflite-runtime runs"
        return Finding(name="system", verdict="warning", found=found, remedy=_NEW_CARD)
    return well(
        "system", bits if is_debian else f"{bits}; not one that we test, but it may well do"
    )


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Check the interpreter's version."""
    number = ".".join(map(str, version[:3]))
    found = f"Python {number} at {sys.executable}, numpy {np.__version__}"
    if version[:2] < _OLDEST_PYTHON:
        remedy = f"Python 3.11 is the oldest that serves; {_NEW_CARD}"
        return Finding(name="python", verdict="problem", found=found, remedy=remedy)
    if version[:2] > _NEWEST_PYTHON:
        found = f"{found}: newer than what we test (3.11 to 3.13)"
        remedy = "`sudo apt install python3` on Raspberry Pi OS brings the one that fits"
        return Finding(name="python", verdict="warning", found=found, remedy=remedy)
    return well("python", found)


def machine(root: Path = ROOT) -> Finding:
    """Check that the processor is one for which a runtime is built."""
    here = this_machine(root)
    cores = "1 core" if here.n_cores == 1 else f"{here.n_cores} cores"
    found = f"{here.name}, {here.architecture}, {cores}, {platform.release()}"
    if here.architecture not in _ARCHITECTURES:
        remedy = "use a Pi Zero 2 W, a Pi 3 or newer: no TFLite runtime is built for this processor"
        return Finding(name="machine", verdict="problem", found=found, remedy=remedy)
    return well("machine", found)


def power(root: Path = ROOT) -> Finding:
    """Check voltage, throttling and temperature."""
    troubles, celsius = throttling(root), temperature_c(root)
    warm = "" if celsius is None else f"{celsius:.0f} degrees Celsius"
    if troubles is None and not warm:
        return not_applicable("power", "this machine has no sensor for voltage or temperature")
    found = ", ".join(filter(None, (warm, *(troubles or ("not slowed down",)))))
    remedies = _power_remedies(troubles or (), celsius)
    if not remedies:
        return well("power", found)
    return Finding(name="power", verdict="warning", found=found, remedy="; ".join(remedies))


def _power_remedies(troubles: tuple[str, ...], celsius: float | None) -> list[str]:
    words = " ".join(troubles)
    remedies = []
    if "voltage" in words:
        remedies.append(
            "use the power supply made for this Pi and a short, thick cable: low voltage breaks "
            "sound and cards"
        )
    is_hot = celsius is not None and celsius >= _HOT_C
    if is_hot or any(word in words for word in ("throttled", "capped", "temperature")):
        remedies.append("let air at the Pi, or give it a heat sink")
    return remedies


def clock(root: Path = ROOT, *, is_synchronised: bool | None = None) -> Finding:
    """Check that the network has set the clock.

    Parameters
    ----------
    root : Path
        Where ``sys`` lies.
    is_synchronised : bool, optional
        What is known already; asked of the system where it is None.
    """
    is_set = SystemClock().is_synchronised() if is_synchronised is None else is_synchronised
    has_chip = any((root / "sys/class/rtc").glob("rtc*"))
    chip = "" if has_chip else ", no clock chip (after a power cut only the network knows the time)"
    now = f"{SystemClock().now():%Y-%m-%d %H:%M %Z}"
    if is_set is None:
        return not_applicable("clock", f"the system does not tell whether it is set; now {now}")
    if is_set:
        return well("clock", f"set by the network, {now}{chip}")
    found = f"{now}, not set by the network: times in the log may be wrong{chip}"
    return Finding(name="clock", verdict="warning", found=found, remedy=_clock_remedy(root))


def _clock_remedy(root: Path) -> str:
    if not runs_systemd(root):
        return "let this machine's host, or an NTP program, set its clock"
    state = ask("timedatectl", "show").fields
    if state.get("CanNTP") == "no":
        return "`sudo apt install systemd-timesyncd`"
    if state.get("NTP") == "no":
        return "`sudo timedatectl set-ntp true`"
    return "connect it to the network; `timedatectl timesync-status` says whom it asks"


def runs_systemd(root: Path = ROOT) -> bool:
    """Return whether systemd started this machine."""
    return (root / "run/systemd/system").is_dir()


def os_release(root: Path = ROOT) -> dict[str, str]:
    """Return what ``/etc/os-release`` says."""
    try:
        text = (root / "etc/os-release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {key: value.strip("\"'") for key, mark, value in pairs if mark}
