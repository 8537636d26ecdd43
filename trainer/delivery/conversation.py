"""One attempt at one device: the line protocol of ``ser-edge model receive``, as its client."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from trainer.delivery.complaints import printable
from trainer.delivery.connection import Connection
from trainer.delivery.offer import Offer

Verdict = Literal["changed", "unchanged", "refused", "rolled back", "failed"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)

_MOST_JUNK: Final = 65_536  # bytes before the first word of the protocol
_QUEUE_S: Final = 3700.0  # a device waits an hour for another push to end
_SHOWN_JUNK: Final = 80  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Something that a push has come to, for whoever watches."""

    name: str
    """A step of the protocol, or ``connecting``, ``sending``, ``again``."""
    text: str
    share: float | None = None
    """How much is sent, where that is what it is about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The device's last word."""

    outcome: Verdict
    why: str
    model: str | None
    previous: str | None


@dataclass(kw_only=True, slots=True)
class Course:
    """How far the attempts at a device have come."""

    device: dict[str, Any] | None = None
    have: int = 0
    """Bytes that the device had when it was greeted last."""
    n_sent: int = 0
    is_sent: bool = False
    """Whether some attempt has sent the last byte."""
    steps: list[str] = field(default_factory=list)
    """Names of the device's steps, of all attempts."""
    junk: bytes = b""
    """What stood before the first word of the protocol."""


class GoneError(Exception):
    """The other side went without a last word."""


class Conversation:
    """A client of the protocol.

    Parameters
    ----------
    connection : Connection
    course : Course
        Kept up to date, so that it says how far this came, however it ends.
    patience_s : float
        For every word of the device's.
    tell : callable
        Called with each step.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        course: Course,
        patience_s: float,
        tell: Callable[[Step], None],
    ) -> None:
        self._connection = connection
        self._course = course
        self._patience_s = patience_s
        self._tell = tell
        self._is_greeted = False
        self._step = ""
        course.junk = b""

    def deliver(self, offer: Offer) -> Answer:
        """Offer a model, send what the device lacks of it, and return its last word.

        Raises
        ------
        GoneError, SilentError, InterruptedPush
        """
        self._send(memoryview(offer.line()))
        word = self._first_word()
        if answer := _answer(word):
            return answer
        self._course.have = _offset(word, len(offer.content))
        self._send_content(memoryview(offer.content))
        while not (answer := _answer(word := self._word())):
            self._note(word)
        return answer

    def ask(self) -> dict[str, Any]:
        """Return what the device says of itself.

        Raises
        ------
        GoneError, SilentError, InterruptedPush
        """
        self._send(memoryview(b'{"protocol": 1, "ask": "state"}\n'))
        self._first_word()
        return self._course.device or {}

    def _first_word(self) -> dict[str, Any]:
        """Return the device's first word, which says who it is or at once how it ends."""
        word = self._word()
        self._is_greeted = True
        if self._course.junk:
            self._tell(Step(name="noise", text=f"its shell says {junk_of(self._course)!r} first"))
        if isinstance(word.get("device"), dict):
            self._course.device = word["device"]
        return word

    def _send(self, data: memoryview) -> None:
        while data and (n_taken := self._take(data)):
            data = data[n_taken:]

    def _send_content(self, content: memoryview) -> None:
        n_done = self._course.have
        while n_done < len(content):
            self._tell_share(n_done, len(content))
            n_taken = self._take(content[n_done:])
            self._course.n_sent += n_taken
            n_done += n_taken
            if not n_taken:  # its last words are still to be read
                return
        self._course.is_sent = True
        self._tell_share(n_done, len(content))

    def _take(self, data: memoryview) -> int:
        return self._connection.send(data, patience_s=self._patience_s)

    def _tell_share(self, n_done: int, n_bytes: int) -> None:
        self._tell(
            Step(
                name="sending",
                text=f"sending {n_bytes / 1000:.0f} kB"
                + (f", goes on after {self._course.have / 1000:.0f}" if self._course.have else ""),
                share=n_done / n_bytes,
            )
        )

    def _word(self) -> dict[str, Any]:
        """Return the next word of the protocol; what a shell says before the first is kept."""
        # Behind another push, silence is no bad sign; ssh itself sees whether the line is dead.
        is_queueing = self._step == "waiting"
        patience_s = max(_QUEUE_S, self._patience_s) if is_queueing else self._patience_s
        while (line := self._connection.line(patience_s=patience_s)) is not None:
            if word := _word_in(line):
                return word
            if not self._is_greeted and len(self._course.junk) < _MOST_JUNK:
                self._course.junk += line + b"\n"
        raise GoneError

    def _note(self, word: dict[str, Any]) -> None:
        self._step = name = str(word.get("step", ""))
        self._course.steps.append(name)
        self._tell(Step(name=name, text=_told(name, word)))


def junk_of(course: Course) -> str:
    """Return the beginning of what a shell said before the protocol, or instead of it."""
    return printable(course.junk.decode(errors="replace"))[:_SHOWN_JUNK]


def _word_in(line: bytes) -> dict[str, Any] | None:
    """Find a word of the protocol; a shell may have printed something before it on its line."""
    for start in re.finditer(rb'\{"', line):
        try:
            word = json.loads(line[start.start() :])
        except ValueError:
            continue
        if isinstance(word, dict) and ("step" in word or "outcome" in word):
            return word
    return None


def _answer(word: dict[str, Any]) -> Answer | None:
    if (outcome := word.get("outcome")) not in VERDICTS:
        return None
    return Answer(
        outcome=outcome,
        why=printable(str(word.get("why") or "")) or "the device says nothing more",
        model=_text(word, "model"),
        previous=_text(word, "previous"),
    )


def _text(word: dict[str, Any], key: str) -> str | None:
    return printable(str(word[key])) if word.get(key) else None


def _offset(word: dict[str, Any], n_bytes: int) -> int:
    have = word.get("have")
    return have if isinstance(have, int) and 0 <= have <= n_bytes else 0


def _told(name: str, word: dict[str, Any]) -> str:
    """Return what a step of the device's means to a person."""
    signer, said = _text(word, "signer"), _text(word, "why")
    meanings = {
        "received": "received, is being verified",
        "waiting": "waits until another push to it has ended",
        "verified": f"verified{f', signed by {signer}' if signer else ''}; tests itself with it",
        "tested": f"tested{_latency(word)}; switches",
        "switched": "switched; on trial",
        "trial": f"on trial{f': {said}' if said else ''}",
    }
    return meanings.get(name) or printable(name)


def _latency(word: dict[str, Any]) -> str:
    latency, hop = word.get("latency_ms"), word.get("hop_ms")
    if not isinstance(latency, int | float) or not isinstance(hop, int | float):
        return ""
    return f", {latency:.0f} of {hop:.0f} ms"
