"""What this machine is, how warm it is, and whether it slows itself down."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edge.service.tools import ask

ROOT: Final = Path("/")

_VCGENCMD_TIMEOUT_S: Final = 2.0

# https://www.raspberrypi.com/documentation/computers/os.html#get_throttled
_THROTTLING: Final = {
    0: "too little voltage",
    1: "clock capped",
    2: "throttled",
    3: "near the temperature limit",
}
_BITS_SINCE_START: Final = 16

_ZONES: Final = ("cpu-thermal", "cpu_thermal", "soc-thermal", "x86_pkg_temp")
"""Types of the thermal zones that are the processor's, best first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What figures of speed must be read with."""

    name: str
    """``"Raspberry Pi 4 Model B Rev 1.4"``, or the processor's name."""
    n_cores: int
    architecture: str
    python: str
    numpy: str

    @property
    def noun(self) -> str:
        """What people call it."""
        return "this Pi" if self.name.startswith("Raspberry Pi") else "this machine"

    def __str__(self) -> str:
        versions = f"Python {self.python}, numpy {self.numpy}"
        return f"{self.name}, {self.n_cores} cores, {self.architecture}, {versions}"


def this_machine(root: Path = ROOT) -> Machine:
    """Return what this machine is; `root` is where ``proc`` lies."""
    return Machine(
        name=_board(root) or _processor(root) or "unknown processor",
        n_cores=os.cpu_count() or 1,
        architecture=platform.machine(),
        python=platform.python_version(),
        numpy=np.__version__,
    )


def peak_memory_mb(root: Path = ROOT) -> float | None:
    """Return the most memory (10^6 bytes) that this process has held at once; None if unknown."""
    for line in _text(root / "proc/self/status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return None


def temperature_c(root: Path = ROOT) -> float | None:
    """Return the processor's temperature in degrees Celsius; None where no sensor tells it."""
    zones = {
        _text(zone / "type"): _text(zone / "temp")
        for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*"))
    }
    readings = [zones[name] for name in (*_ZONES, *zones) if zones.get(name)]
    return int(readings[0]) / 1000 if readings else None


def throttling(root: Path = ROOT) -> tuple[str, ...] | None:
    """Return in words why this machine is, or was, slowed down; empty if not, None if unknown."""
    flags = _firmware_flags(root)
    if flags is not None:
        return _in_words(flags)
    is_low = _low_voltage(root)
    if is_low is not None:
        return (f"{_THROTTLING[0]} now",) if is_low else ()
    counts = sorted(
        (root / "sys/devices/system/cpu").glob("cpu[0-9]*/thermal_throttle/core_throttle_count")
    )
    if not counts:
        return None
    return ("throttled since start",) if any(int(_text(count)) for count in counts) else ()


def _in_words(flags: int) -> tuple[str, ...]:
    now = [f"{words} now" for bit, words in _THROTTLING.items() if flags >> bit & 1]
    past = [
        f"{words} since start"
        for bit, words in _THROTTLING.items()
        if flags >> (bit + _BITS_SINCE_START) & 1
    ]
    return (*now, *past)


def _firmware_flags(root: Path) -> int | None:
    """Return the Raspberry Pi firmware's flags: by its tool, or by the kernel's file."""
    told = ask("vcgencmd", "get_throttled", limit_s=_VCGENCMD_TIMEOUT_S)
    kernel = root / "sys/devices/platform/soc/soc:firmware/get_throttled"
    answer = _text(kernel) if told.fault else told.text
    try:
        return int(answer.rpartition("=")[2], 16)
    except ValueError:
        return None


def _low_voltage(root: Path) -> bool | None:
    """Return the kernel's own alarm of a Raspberry Pi's voltage, which every user may read."""
    for sensor in sorted((root / "sys/class/hwmon").glob("hwmon*")):
        if _text(sensor / "name") == "rpi_volt":
            return _text(sensor / "in0_lcrit_alarm") == "1"
    return None


def _board(root: Path) -> str:
    return _text(root / "proc/device-tree/model").rstrip("\0")


def _processor(root: Path) -> str:
    for line in _text(root / "proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return ""


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
