"""When something happened: on the wall, and in the stream of sound.

A Pi has no clock of its own while it is off, so the wall may be wrong until the network has set
it. Each row says whether it was; order and durations come from the stream and never from the wall.
"""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, Protocol

_TIMESYNC_MARK: Final = Path("/run/systemd/timesync/synchronized")
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_TIME_ERROR: Final = 5
"""What adjtimex(2) returns while nothing disciplines the clock."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIMEX_BYTES: Final = 256
"""More than ``struct timex`` takes on any Linux; all zero it means "only ask"."""


class Clock(Protocol):
    """The wall clock; a test brings its own."""

    def now(self) -> datetime:
        """Return the time with the local offset from UTC."""
        ...

    def is_synchronised(self) -> bool | None:
        """Return whether the network has set the clock; None where that cannot be known."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the time with the local offset from UTC."""
        return datetime.now().astimezone()

    def is_synchronised(self) -> bool | None:
        """Return what systemd-timesyncd says, or else what the kernel says (adjtimex(2))."""
        if _TIMESYNC_MARK.exists():
            return True
        status = _adjtimex()
        return None if status < 0 else status != _TIME_ERROR


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One point in time.

    Attributes
    ----------
    wall : datetime
        Time with the local offset from UTC.
    clock_synced : bool or None
        Whether the network had set the clock; None where that cannot be known.
    at_s : float
        Position in the stream, seconds since the session began to listen; 0 before.
    monotonic_s : float or None
        Seconds since the machine was started; None where nobody asked.
    """

    wall: datetime
    clock_synced: bool | None
    at_s: float
    monotonic_s: float | None = None

    @property
    def time(self) -> str:
        """The wall time as RFC 3339: ``2026-11-20T23:10:05.123+01:00``."""
        return rfc3339(self.wall)

    @property
    def at_ms(self) -> int:
        """The wall time as milliseconds since 1970 in UTC."""
        return epoch_ms(self.wall)


def moment(clock: Clock, *, at_s: float, monotonic_s: float | None = None) -> Moment:
    """Return the present moment, `at_s` seconds into the stream.

    Parameters
    ----------
    clock : Clock
    at_s : float
    monotonic_s : float, optional
        Seconds since the machine was started; this machine is asked where it is not given.
    """
    return Moment(
        wall=clock.now(),
        clock_synced=clock.is_synchronised(),
        at_s=at_s,
        monotonic_s=time.monotonic() if monotonic_s is None else monotonic_s,
    )


def rfc3339(wall: datetime) -> str:
    """Return an aware time as text with milliseconds and offset."""
    return wall.isoformat(timespec="milliseconds")


def epoch_ms(wall: datetime) -> int:
    """Return an aware time as milliseconds since 1970 in UTC, whole ones as `rfc3339` has them."""
    return (wall - _EPOCH) // timedelta(milliseconds=1)


def boot_id() -> str:
    """Return the kernel's name of this boot, or nothing where there is none."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _adjtimex() -> int:
    try:
        return int(_libc().adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    except (OSError, AttributeError):
        return -1
