"""``ser-edge devices``: which microphones there are, and what to call them."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from edge.devices.alsa import AlsaTree
from edge.devices.hearing import hear
from edge.devices.inventory import DeviceInfo, choose, list_devices
from edge.errors import EXIT_OK, AudioDeviceError

EXAMPLES = """\
  ser-edge devices               what there is
  ser-edge devices --listen 3    and how loud each one is, for three seconds
  ser-edge devices --json        for scripts
"""
_COLUMNS: Final = ("audio.device =", "name", "channels", "rate", "notes")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    parser.add_argument(
        "--listen",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="listen to each one and tell its level (speak meanwhile)",
    )


def execute(arguments: argparse.Namespace) -> int:
    """List the devices; no device at all is an error."""
    devices = list_devices()
    choice = choose(devices, "", alsa=AlsaTree())
    rows = [_describe(device, choice, arguments.listen) for device in devices]
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        print(_table([_COLUMNS, *map(_row, rows)]))
    return EXIT_OK


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is no time between 0 and 60 seconds")
    return value


def _describe(device: DeviceInfo, choice: DeviceInfo, listen_s: float) -> dict[str, Any]:
    described = asdict(device)
    del described["index"]  # means nothing a moment later
    described |= {"config_value": device.config_value, "is_first_choice": device == choice}
    return described | (_level(device, listen_s) if listen_s else {})


def _level(device: DeviceInfo, listen_s: float) -> dict[str, Any]:
    try:
        heard = hear(device.config_value, duration_s=listen_s)
    except AudioDeviceError as error:
        return {"level_dbfs": None, "error": str(error)}
    return {"level_dbfs": round(heard.level_dbfs, 1)}


def _row(described: dict[str, Any]) -> tuple[str, ...]:
    return (
        json.dumps(described["config_value"]),
        described["name"],
        str(described["n_channels"]),
        f"{described['default_rate_hz']} Hz",
        ", ".join(_notes(described)),
    )


def _notes(described: dict[str, Any]) -> Iterable[str]:
    if described["is_first_choice"]:
        yield 'taken for ""'
    if described["is_usb"]:
        yield "USB"
    if described["is_default"]:
        yield "system default"
    if described.get("level_dbfs") is not None:
        yield f"{described['level_dbfs']:.1f} dBFS"
    if "error" in described:
        yield described["error"]


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
