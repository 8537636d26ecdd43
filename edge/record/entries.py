"""What is put into the columns of each kind of row."""

# ruff: noqa: S608 - the only names put into a statement are our own tables and columns

from __future__ import annotations

import json
from collections.abc import Mapping

from edge.decide.alarms import AlarmChange
from edge.decide.outcomes import Event
from edge.record.backlog import OpenSession, Statement, Value
from edge.record.care import Action, Feedback
from edge.record.minutes import MinuteSummary
from edge.record.moments import Moment, rfc3339
from edge.record.outbox import INSERT_MESSAGE, Message, message_json


def row(table: str, session: OpenSession, at: Moment, values: Mapping[str, Value]) -> Statement:
    """Return what writes the next row of a session."""
    columns: dict[str, Value] = {
        "sequence": next(session.sequence),
        "time": at.time,
        "clock_synced": None if at.clock_synced is None else int(at.clock_synced),
        "at_s": round(at.at_s, 3),
        "at_ms": at.at_ms,
        **values,
    }
    names = ("session", *columns)
    places = ", ".join(f":{name}" for name in names)
    return Statement(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", columns)


def of_event(event: Event) -> dict[str, Value]:
    """Return the columns of a decided state."""
    return {
        "at_sample": event.at_sample,
        "state": event.state,
        "confidence": _rounded(event.confidence),
        "probabilities": _rounded_json(event.probabilities),
        "level_dbfs": round(event.level_dbfs, 1),
        "inference_ms": round(event.inference_ms, 2),
    }


def of_change(change: AlarmChange, at: Moment) -> dict[str, Value]:
    """Return the columns of what happened to an alarm."""
    return {
        "alarm": change.alarm,
        "rule": change.rule,
        "phase": change.phase,
        "severity": change.severity,
        "reason": change.reason,
        "who": change.who,
        "note": change.note,
        "confidence": _rounded(change.confidence),
        "step": change.step,
        "notify": json.dumps(change.notify, ensure_ascii=False),
        "monotonic_s": at.monotonic_s,
    }


def of_minute(minute: MinuteSummary) -> dict[str, Value]:
    """Return the columns of what a minute held."""
    return {
        "length_s": round(minute.length_s, 2),
        "states_s": _rounded_json(minute.states_s, n_digits=2),
        "speech_s": round(minute.speech_s, 2),
        "mean_level_dbfs": round(minute.mean_level_dbfs, 1),
        "max_level_dbfs": round(minute.max_level_dbfs, 1),
        "n_windows": minute.n_windows,
        "inference_ms_p95": round(minute.inference_ms_p95, 2),
        "n_lost": minute.n_lost,
    }


def of_action(action: Action, at: Moment) -> dict[str, Value]:
    """Return the columns of what somebody did."""
    return {
        "action": action.action,
        "who": action.who,
        "note": action.note,
        "until": rfc3339(action.until) if action.until else None,
        "monotonic_s": at.monotonic_s,
    }


def of_feedback(feedback: Feedback) -> dict[str, Value]:
    """Return the columns of what somebody said."""
    return {
        "alarm": feedback.alarm,
        "heard_at": rfc3339(feedback.heard_at),
        "verdict": feedback.verdict,
        "truth": feedback.truth,
        "who": feedback.who,
        "note": feedback.note,
    }


def message_row(message: Message, at: Moment) -> Statement:
    """Return what puts a message into the outbox."""
    return Statement(
        INSERT_MESSAGE,
        {
            "message": message.message,
            "channel": message.channel,
            "alarm": message.alarm,
            "created": at.time,
            "at_ms": at.at_ms,
            "body": message_json(message),
        },
    )


def _rounded(value: float) -> float:
    return round(value, 4)


def _rounded_json(values: Mapping[str, float], *, n_digits: int = 4) -> str:
    rounded = {key: round(value, n_digits) for key, value in values.items()}
    return json.dumps(rounded, separators=(",", ":"))
