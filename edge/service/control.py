"""The control socket: others ask, the loop does it, and nobody can make the loop wait.

A thread talks to the visitors. It hands their commands to the loop, which takes them between two
blocks of sound (`take`) and answers each when it is done and logged. Everything has a bound: a
line, what waits for the loop, what waits for a visitor, and the visitors.
"""

from __future__ import annotations

import itertools
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.contract import tables
from edge.service.news import NEWS_LEAST_S, News, is_due, news_of
from edge.service.protocol import (
    Answer,
    BadRequestError,
    Command,
    Watch,
    line_of,
    read_request,
)
from edge.service.socketfile import listening
from edge.service.status import Status
from edge.service.visitor import Visitor, VisitorGoneError

_LOG: Final = logging.getLogger(__name__)

MOST_VISITORS: Final = 32
PATIENCE_S: Final = 5.0
"""A visitor that takes nothing of what is sent to it for so long is dropped."""

_MOST_COMMANDS: Final = 64
_COMMANDS_AT_ONCE: Final = 8
_TURN_S: Final = 0.5
_PAUSE_S: Final = 0.02
"""After a turn in which visitors had something to say: who floods us must not keep the processor
from the ears."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that waits to be done; it must be answered once."""

    command: Command
    answer: Callable[[Answer], None]
    """May be called from any thread; never waits."""


class ControlSocket:
    """Listens from the first moment; `close` ends it.

    Parameters
    ----------
    path : Path
        Of the socket. One that a dead process left behind is replaced; whether another process
        lives is for the caller to know (`edge.service.role`).
    clock : callable
        Monotonic seconds.

    Raises
    ------
    OutputError
        If there can be no socket.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._listener = listening(path)
        self._inode = path.stat().st_ino
        self._wake, self._woken = socket.socketpair()
        self._wake.settimeout(0.0)
        self._woken.settimeout(0.0)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._visitors: dict[int, Visitor] = {}
        self._numbers = itertools.count()
        self._commands: deque[Asked] = deque()
        self._answers: deque[tuple[int, Answer]] = deque()
        self._status: Status | None = None
        self._news: News | None = None
        self._is_closing = False
        self._was_asked = False
        self.has_watchers = False
        """Whether somebody wants `publish` to be called."""
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self._thread.start()

    def take(self) -> Sequence[Asked]:
        """Return what waits to be done, a few at a time; never waits."""
        n = min(len(self._commands), _COMMANDS_AT_ONCE)  # only this side takes
        return [self._commands.popleft() for _ in range(n)]

    def publish(self, status: Status) -> None:
        """Let those who watch know how things are; never waits."""
        self._status = status
        self._rouse()

    def close(self) -> None:
        """End all connections and take the socket away; idempotent."""
        if self._is_closing:
            return
        self._is_closing = True
        self._rouse()
        self._thread.join(PATIENCE_S)

    def _rouse(self) -> None:
        with suppress(OSError):  # what is full wakes as well
            self._wake.send(b".")

    def _serve(self) -> None:
        try:
            while not self._is_closing:
                self._turn()
        finally:
            self._leave()

    def _leave(self) -> None:
        with suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        self._hand_out_answers(self._clock())
        self._hand_out_news(self._clock())  # the last word
        for number in list(self._visitors):
            self._drop(number)
        self._selector.close()
        for way in (self._listener, self._wake, self._woken):
            way.close()

    def _turn(self) -> None:
        for key, events in self._selector.select(self._wait_s()):
            self._notice(key, events)
        for number in [number for number, v in self._visitors.items() if v.has_line]:
            with self._dropped_when_gone(number) as visitor:
                self._follow(number, visitor, visitor.next_line() or b"")
        now_s = self._clock()
        self._hand_out_answers(now_s)
        self._hand_out_news(now_s)
        for number, visitor in list(self._visitors.items()):
            if visitor.has_output and now_s - visitor.moved_s > PATIENCE_S:
                self._drop(number)
        if self._was_asked:
            self._was_asked = False
            time.sleep(_PAUSE_S)

    def _notice(self, key: selectors.SelectorKey, events: int) -> None:
        if key.fileobj is self._listener:
            self._welcome()
        elif key.fileobj is self._woken:
            with suppress(BlockingIOError):
                self._woken.recv(4096)
        elif key.data in self._visitors:
            self._attend(key.data, events)

    def _wait_s(self) -> float:
        if any(visitor.has_line for visitor in self._visitors.values()):
            return 0.0
        return NEWS_LEAST_S if self.has_watchers else _TURN_S

    def _welcome(self) -> None:
        try:
            way, _ = self._listener.accept()
        except OSError:  # it has gone again, or there are no descriptors left
            time.sleep(0.01)
            return
        if len(self._visitors) >= MOST_VISITORS and not self._made_room():
            way.close()
            return
        number = next(self._numbers)
        self._visitors[number] = Visitor(way, now_s=self._clock())
        self._selector.register(way, selectors.EVENT_READ, number)

    def _made_room(self) -> bool:
        """Drop the visitor that has been idle for longest; return whether there was one."""
        idle = [
            (visitor.moved_s, number)
            for number, visitor in self._visitors.items()
            if not visitor.is_watching and not visitor.awaits_answer
        ]
        if idle:
            self._drop(min(idle)[1])
        return bool(idle)

    def _attend(self, number: int, events: int) -> None:
        with self._dropped_when_gone(number) as visitor:
            if events & selectors.EVENT_WRITE:
                visitor.flush(now_s=self._clock())
            if events & selectors.EVENT_READ and visitor.wants_input:
                self._was_asked = True
                visitor.receive(now_s=self._clock())
                if visitor.is_overlong:
                    visitor.is_leaving = True
                    error = "not a request: the line is too long"
                    self._tell(visitor, Answer(ok=False, error=error))

    def _follow(self, number: int, visitor: Visitor, line: bytes) -> None:
        self._was_asked = True
        try:
            request = read_request(line)
        except BadRequestError as error:
            self._tell(visitor, Answer(ok=False, error=str(error)))
            return
        if isinstance(request, Watch):
            visitor.is_watching = self.has_watchers = True
        elif len(self._commands) >= _MOST_COMMANDS:
            text = "too many commands wait already; try again in a while"
            self._tell(visitor, Answer(ok=False, error=text))
        else:
            visitor.awaits_answer = True
            self._commands.append(Asked(request, lambda answer: self._answered(number, answer)))

    def _answered(self, number: int, answer: Answer) -> None:
        self._answers.append((number, answer))
        self._rouse()

    def _tell(self, visitor: Visitor, answer: Answer) -> None:
        visitor.send(line_of(tables.to_table(answer)), now_s=self._clock())

    def _hand_out_answers(self, now_s: float) -> None:
        while self._answers:
            number, answer = self._answers.popleft()
            if number not in self._visitors:
                continue
            with self._dropped_when_gone(number) as visitor:
                visitor.awaits_answer = False
                visitor.moved_s = now_s
                self._tell(visitor, answer)

    def _hand_out_news(self, now_s: float) -> None:
        if self._status is not None:
            status, self._status = self._status, None
            self._news = news_of(status)
        watching = [number for number, v in self._visitors.items() if v.is_watching]
        self.has_watchers = bool(watching)
        if not watching:
            self._news = None  # too old for whoever comes next
        for number in watching:
            if self._news is None or not is_due(self._news, self._visitors[number], now_s=now_s):
                continue
            with self._dropped_when_gone(number) as visitor:
                visitor.told, visitor.told_s = self._news, now_s
                visitor.send(self._news.line, now_s=now_s)

    @contextmanager
    def _dropped_when_gone(self, number: int) -> Iterator[Visitor]:
        visitor = self._visitors[number]
        try:
            yield visitor
        except VisitorGoneError:
            self._drop(number)
        except Exception:  # noqa: BLE001 - whatever one visitor brings about, the others stay
            _LOG.debug("a visitor of the control socket was dropped", exc_info=True)
            self._drop(number)
        else:
            self._listen_to(number, visitor)

    def _listen_to(self, number: int, visitor: Visitor) -> None:
        wanted = selectors.EVENT_READ if visitor.wants_input else 0
        wanted |= selectors.EVENT_WRITE if visitor.has_output else 0
        known = self._selector.get_map().get(visitor.way)
        if known and not wanted:
            self._selector.unregister(visitor.way)
        elif known and known.events != wanted:
            self._selector.modify(visitor.way, wanted, number)
        elif wanted and not known:
            self._selector.register(visitor.way, wanted, number)

    def _drop(self, number: int) -> None:
        visitor = self._visitors.pop(number)
        if visitor.way in self._selector.get_map():
            self._selector.unregister(visitor.way)
        visitor.close()
