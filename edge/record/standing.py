"""Where the alarms stood when the program ended, as the log knows it."""

# ruff: noqa: S608 - the only names put into a statement are our own columns and words

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from edge.decide.alarms import TROUBLE, DeskState, Instant, OpenAlarm, Phase, in_this_boot
from edge.record.moments import Moment

CLOSED: Final[tuple[Phase, ...]] = ("acknowledged", "ended")
"""The phases after which an alarm is over."""

_COLUMNS: Final = "a.*, s.boot_id FROM alerts AS a JOIN sessions AS s ON s.id = a.session"

# A row of before version 2 has no monotonic time: what it began is long over.
_OPEN: Final = f"""
    SELECT {_COLUMNS} WHERE a.alarm IN (
        SELECT alarm FROM alerts AS began
        WHERE began.phase = 'raised' AND began.monotonic_s IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM alerts AS over
            WHERE over.alarm = began.alarm AND over.phase IN {CLOSED!r}))
    ORDER BY a.id
"""
_CALLED: Final = f"""
    SELECT {_COLUMNS} WHERE a.monotonic_s IS NOT NULL AND a.id IN (
        SELECT max(id) FROM alerts WHERE phase = 'raised' GROUP BY rule)
"""
# Who starts the machine anew wants to mend it: what is still wrong then is told again.
_ANSWERED: Final = f"""
    SELECT {_COLUMNS} WHERE a.phase = 'acknowledged' AND substr(a.rule, 1, {len(TROUBLE)}) = ?
        AND a.id IN (SELECT max(id) FROM alerts GROUP BY rule) AND s.boot_id != '' AND s.boot_id = ?
        AND NOT EXISTS (SELECT 1 FROM actions AS over
            WHERE over.action = 'mended' AND over.note = a.rule
            AND (over.session, over.sequence) > (a.session, a.sequence))
"""
_SNOOZE: Final = """
    SELECT a.*, s.boot_id FROM actions AS a JOIN sessions AS s ON s.id = a.session
    WHERE a.action IN ('snoozed', 'snooze ended') ORDER BY a.id DESC LIMIT 1
"""


def desk_state(connection: sqlite3.Connection, now: Moment, *, boot_id: str) -> DeskState:
    """Return what an `AlarmDesk` goes on from, in this boot's monotonic time.

    Parameters
    ----------
    connection : sqlite3.Connection
    now : Moment
        The present, with its monotonic time.
    boot_id : str
        The kernel's name of this boot; empty where it has none, then every row is of another.
    """
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    here = _Here(now, boot_id)
    answered = cursor.execute(_ANSWERED, (TROUBLE, boot_id)).fetchall()
    return DeskState(
        open=tuple(_open_alarms(cursor.execute(_OPEN).fetchall(), here)),
        called={row["rule"]: here.instant(row) for row in cursor.execute(_CALLED).fetchall()},
        answered=frozenset(row["rule"] for row in answered),
        snoozed_until=_snoozed_until(cursor.execute(_SNOOZE).fetchone(), here),
    )


class _Here:
    """The boot and the moment that times are counted from."""

    def __init__(self, now: Moment, boot_id: str) -> None:
        self._now = Instant(monotonic_s=now.monotonic_s or 0.0, wall=now.wall)
        self._is_set = now.clock_synced is True
        self._boot_id = boot_id

    def instant(self, row: sqlite3.Row) -> Instant:
        """Return when a row was written."""
        then = Instant(
            monotonic_s=row["monotonic_s"] or 0.0, wall=datetime.fromisoformat(row["time"])
        )
        return in_this_boot(
            then,
            self._now,
            same_boot=self._is_of_this_boot(row),
            clocks_agree=self._clocks_agree(row),
        )

    def knows(self, row: sqlite3.Row) -> bool:
        """Return whether it can be told how long ago a row was written."""
        return self._is_of_this_boot(row) or self._clocks_agree(row)

    def _is_of_this_boot(self, row: sqlite3.Row) -> bool:
        return bool(self._boot_id) and row["boot_id"] == self._boot_id

    def _clocks_agree(self, row: sqlite3.Row) -> bool:
        return self._is_set and row["clock_synced"] == 1


def _open_alarms(rows: Iterable[sqlite3.Row], here: _Here) -> Iterable[OpenAlarm]:
    """Go through the rows of the alarms that are open, oldest first."""
    alarms: dict[str, OpenAlarm] = {}
    for row in rows:
        alarm = alarms.get(row["alarm"]) or _raised(row, here)
        told = dict.fromkeys((*alarm.told, *json.loads(row["notify"])))
        alarms[alarm.id] = replace(
            alarm,
            sounding=row["phase"] != "quieted",
            step=max(alarm.step, row["step"]),
            told=tuple(told),
        )
    return alarms.values()


def _raised(row: sqlite3.Row, here: _Here) -> OpenAlarm:
    return OpenAlarm(
        id=row["alarm"],
        rule=row["rule"],
        severity=row["severity"],
        reason=row["reason"],
        raised=here.instant(row),
        sounding=True,
        confidence=row["confidence"],
    )


def _snoozed_until(row: sqlite3.Row | None, here: _Here) -> Instant | None:
    # A snooze that may be long over must hold back no alarm: where nobody knows, it is over.
    if row is None or row["until"] is None or not here.knows(row):
        return None
    until = datetime.fromisoformat(row["until"])
    length_s = (until - datetime.fromisoformat(row["time"])).total_seconds()
    return Instant(monotonic_s=here.instant(row).monotonic_s + length_s, wall=until)
