"""What is said on the control socket: a line of JSON for a request, and one for its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from edge.config.places import NAME, Places
from edge.contract import tables
from edge.contract.labels import STATES
from edge.contract.tables import Range

SOCKET_FILE: Final = "control.sock"
LONGEST_LINE_BYTES: Final = 2**16
_LONGEST_NAME: Final = 200
_LONGEST_NOTE: Final = 2000


class BadRequestError(ValueError):
    """A line is no request that this program understands; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledge:
    """Somebody has come."""

    who: str
    note: str = ""
    alarm: str | None = None
    """Its id; None for all that are open."""

    def __post_init__(self) -> None:
        _check_texts(self.who, note=self.note)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snooze:
    """No alarm of a rule shall be raised for a while."""

    who: str
    for_s: Annotated[float, Range(1, 86_400)] | None = None
    """None for what the configuration says (``room.snooze_s``)."""

    def __post_init__(self) -> None:
        _check_texts(self.who)


@dataclass(frozen=True, kw_only=True, slots=True)
class EndSnooze:
    """Alarms may be raised again."""

    who: str

    def __post_init__(self) -> None:
        _check_texts(self.who)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mute:
    """The microphone shall be closed."""

    who: str

    def __post_init__(self) -> None:
        _check_texts(self.who)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmute:
    """The microphone may be opened again."""

    who: str

    def __post_init__(self) -> None:
        _check_texts(self.who)


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """Somebody judges what was heard at a time."""

    who: str
    heard_at: str
    """The moment that is judged, RFC 3339."""
    verdict: Literal["right", "wrong"]
    truth: str | None = None
    """The state that it was instead."""
    note: str = ""
    alarm: str | None = None

    def __post_init__(self) -> None:
        _check_texts(self.who, note=self.note)
        if self.truth is not None and self.truth not in STATES:
            raise ValueError(f"truth {self.truth!r} is no state; known are: {', '.join(STATES)}")
        if datetime.fromisoformat(self.heard_at).tzinfo is None:
            raise ValueError(f"heard_at {self.heard_at!r} has no offset from UTC")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reload:
    """Settings and model shall be read anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """The status shall be told whenever it changes, on this connection, from now on."""


Command = Acknowledge | Snooze | EndSnooze | Mute | Unmute | Feedback | Reload
Request = Command | Watch

_KINDS: Final[dict[str, type[Request]]] = {
    "acknowledge": Acknowledge,
    "snooze": Snooze,
    "end snooze": EndSnooze,
    "mute": Mute,
    "unmute": Unmute,
    "feedback": Feedback,
    "reload": Reload,
    "watch": Watch,
}
_WORDS: Final = {kind: word for word, kind in _KINDS.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What has become of a request."""

    ok: bool = True
    error: str = ""
    """Why it was not done, as a sentence for people."""
    alarms: tuple[str, ...] = ()
    """Ids of the alarms that were acknowledged."""
    until: str | None = None
    """RFC 3339: when a snooze ends."""
    warning: str = ""
    """What went wrong although it was done: the log cannot be written, for example."""


def socket_file(places: Places) -> Path:
    """Return where this process's ears are asked."""
    return places.runtime_directory() / SOCKET_FILE


def socket_files(places: Places) -> tuple[Path, ...]:
    """Return where ears may be asked: the user's own, and the system's service."""
    return tuple(dict.fromkeys((socket_file(places), places.root / "run" / NAME / SOCKET_FILE)))


def request_line(request: Request) -> bytes:
    """Return a request as it is sent."""
    return line_of({"do": _WORDS[type(request)], **tables.to_table(request)})


def line_of(table: dict[str, Any]) -> bytes:
    """Return a table as a line of JSON."""
    return json.dumps(table, ensure_ascii=False).encode() + b"\n"


def read_request(line: bytes) -> Request:
    """Return the request in a line.

    Raises
    ------
    BadRequestError
        Saying what is wrong with it.
    """
    try:
        table = json.loads(line)
        word = table.pop("do", None) if isinstance(table, dict) else None
        kind = _KINDS.get(word) if isinstance(word, str) else None
        request = tables.from_table(kind, table, path="") if kind else None
    except (ValueError, OverflowError, RecursionError) as error:
        raise BadRequestError(f"not a request: {_encodable(str(error))}") from error
    if request is None:
        raise BadRequestError(f"not a request; expected an object with do: {', '.join(_KINDS)}")
    return request


def _check_texts(who: str, *, note: str = "") -> None:
    """Refuse what a log cannot hold, or what would fill it."""
    if not who or len(who) > _LONGEST_NAME or not who.isprintable():
        raise ValueError(f"who must say in 1 to {_LONGEST_NAME} characters who asks for it")
    if len(note) > _LONGEST_NOTE:
        raise ValueError(f"the note has {len(note)} characters; at most {_LONGEST_NOTE} fit")
    if _encodable(note) != note:
        raise ValueError("the note is not a text")


def _encodable(text: str) -> str:
    """Return a text without what is no character, as JSON can bring it."""
    return text.encode(errors="replace").decode()
