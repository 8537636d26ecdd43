"""From the log to a file of what people said of it, without names and without their words."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from edge.config.settings import Config
from edge.contract.tables import to_table
from edge.decide.feedback import Call, FeedbackExport, Judgement, Stretch
from edge.errors import OutputError
from edge.record.query import AlertRow, EventRow, FeedbackRow, LogReader, Selection
from edge.store import durable

_DIGITS = 3


def exported(log: Path, config: Config, *, since: datetime, now: datetime) -> FeedbackExport:
    """Gather what was decided and judged since a moment.

    Raises
    ------
    NoInputError, RecordError
        If there is no log, or it cannot be read.
    """
    span = Selection(since=since)
    names = {rule.name for rule in config.alert}
    with LogReader(log) as reader:
        return FeedbackExport(
            created=now.isoformat(timespec="seconds"),
            rules=config.alert,
            stretches=tuple(_stretch(row) for row in reader.rows(EventRow, span)),
            calls=tuple(
                Call(alarm=row.alarm, rule=row.rule, time=row.time)
                for row in reader.rows(AlertRow, span)
                if row.phase == "raised" and row.rule in names
            ),
            judgements=tuple(_judgement(row) for row in reader.rows(FeedbackRow, span)),
        )


def write(export: FeedbackExport, path: Path) -> None:
    """Write the file, whole or not at all.

    Raises
    ------
    OutputError
    """
    content = json.dumps(to_table(export), ensure_ascii=False, separators=(",", ":"))
    try:
        durable.write_file(path, content.encode() + b"\n")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def _stretch(row: EventRow) -> Stretch:
    return Stretch(
        time=row.time,
        duration_s=row.duration_s or 0.0,
        state=row.state,
        probabilities={name: round(share, _DIGITS) for name, share in row.probabilities.items()},
    )


def _judgement(row: FeedbackRow) -> Judgement:
    return Judgement(
        time=row.heard_at,
        verdict="right" if row.verdict == "right" else "wrong",
        truth=row.truth,
        alarm=row.alarm,
    )
