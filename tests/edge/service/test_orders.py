"""What people want is done in order, written down, and then answered."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from edge.decide.outcomes import CauseNow
from edge.errors import RefusedError
from edge.record import care
from edge.service.alarms import AlarmKeeper
from edge.service.control import Asked
from edge.service.happenings import AlarmNews, Happening
from edge.service.orders import Done, Orders
from edge.service.protocol import (
    Acknowledge,
    Answer,
    Command,
    EndSnooze,
    Feedback,
    Mute,
    Reload,
    Snooze,
    Unmute,
)
from tests.edge.service.test_alarms import CONFIG, DISTRESS
from tests.fakes.alarms import Wall


@dataclass
class Room:
    is_muted: bool = False
    snooze_s: float = 900.0
    unwritten: str | None = None
    done: list[str] = field(default_factory=list)

    def mute(self, *, who: str) -> Done:
        self.is_muted = True
        return Answer(), [care.Action(action="muted", who=who)]

    def unmute(self, *, who: str) -> Done:
        self.is_muted = False
        return Answer(), [care.Action(action="unmuted", who=who)]

    def reload(self) -> None:
        self.done.append("reload")


class Counter:
    """Orders, with everything in the order in which it happened."""

    def __init__(self) -> None:
        self.wall = Wall()
        self.room = Room()
        self.keeper = AlarmKeeper(CONFIG, clock=self.wall, monotonic=self.wall.monotonic)
        self.waiting: list[Asked] = []
        self.events: list[Happening | Answer] = []
        self.orders = Orders(self.keeper, self.room, asked=self._asked)

    def _asked(self) -> list[Asked]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def _answer(self, answer: Answer) -> None:
        self.events.append(answer)

    def turn(self) -> list[Happening | Answer]:
        self.events = []
        self.orders.turn(self.events.extend)
        return self.events

    def ask(self, *commands: Command) -> list[Happening | Answer]:
        self.waiting = [Asked(c, self._answer) for c in commands]
        return self.turn()


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_an_alarm_is_acknowledged_told_and_then_answered(counter: Counter) -> None:
    counter.keeper.turn(DISTRESS)
    (alarm,) = counter.keeper.open
    news, answer = counter.ask(Acknowledge(who="anna", note="well", alarm=alarm.id))
    assert isinstance(news, AlarmNews)
    assert (news.changes[0].phase, news.changes[0].note) == ("acknowledged", "well")
    assert answer == Answer(alarms=(alarm.id,))


def test_a_refusal_is_answered_and_nothing_told(counter: Counter) -> None:
    (answer,) = counter.ask(Acknowledge(who="anna", alarm="x"))
    assert isinstance(answer, Answer)
    assert not answer.ok
    assert "there is no open alarm 'x'" in answer.error


def test_snooze_mute_and_what_ends_them(counter: Counter) -> None:
    told = counter.ask(
        Snooze(who="anna", for_s=60),
        EndSnooze(who="anna"),
        EndSnooze(who="anna"),
        Mute(who="anna"),
        Unmute(who="tom"),
        Reload(),
    )
    deeds = [(each.action, each.who) for each in told if isinstance(each, care.Action)]
    assert deeds == [
        ("snoozed", "anna"), ("snooze ended", "anna"), ("muted", "anna"), ("unmuted", "tom"),
    ]  # fmt: skip
    answers = [each for each in told if isinstance(each, Answer)]
    assert [answer.ok for answer in answers] == [True] * 6
    assert answers[0].until == "2026-11-26T12:01:00.000+00:00"
    assert counter.room.done == ["reload"]


def test_feedback_is_told_with_the_moment_that_is_meant(counter: Counter) -> None:
    heard_at = "2026-11-26T14:03:00+01:00"
    feedback, answer = counter.ask(
        Feedback(who="anna", heard_at=heard_at, verdict="wrong", truth="calm", note="tv")
    )
    assert isinstance(feedback, care.Feedback)
    assert (feedback.heard_at.isoformat(), feedback.truth, feedback.note) == (
        heard_at,
        "calm",
        "tv",
    )
    assert answer == Answer()


def test_each_press_has_its_meaning(counter: Counter) -> None:
    counter.keeper.turn(DISTRESS)
    for press in ("short", "double", "long", "long"):
        counter.orders.press(press)
    told = counter.turn()
    assert isinstance(told[0], AlarmNews)
    assert told[0].changes[0].who == "button"
    deeds = [(each.action, each.who) for each in told if isinstance(each, care.Action)]
    assert deeds == [("snoozed", "button"), ("muted", "button"), ("unmuted", "button")]
    assert counter.keeper.snoozed_until == "2026-11-26T12:15:00.000+00:00"


def test_what_is_done_but_not_written_is_said(counter: Counter) -> None:
    counter.room.unwritten = "the log cannot be written: disk full"
    _, answer = counter.ask(Mute(who="anna"))
    assert isinstance(answer, Answer)
    assert answer.ok
    assert answer.warning == (
        "it is done, but not in the log yet: the log cannot be written: disk full"
    )
    (reloaded,) = counter.ask(Reload())
    assert reloaded == Answer()


def test_what_breaks_is_answered_and_the_next_is_done(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**_: str) -> Done:
        raise ZeroDivisionError("oh")

    def refuses(**_: str) -> Done:
        raise RefusedError("there is no microphone")

    monkeypatch.setattr(counter.room, "mute", breaks)
    monkeypatch.setattr(counter.room, "unmute", refuses)
    broken, refused, done = counter.ask(Mute(who="anna"), Unmute(who="anna"), Reload())
    assert broken == Answer(ok=False, error="internal error: ZeroDivisionError: oh")
    assert refused == Answer(ok=False, error="there is no microphone")
    assert done == Answer()


def test_only_so_many_presses_wait(counter: Counter) -> None:
    for _ in range(1000):
        counter.orders.press("short")
    assert counter.turn() == []
    assert not counter.keeper.turn({"x": CauseNow(reason="no rule")})
