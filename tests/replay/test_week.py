"""A week of one room, with the clock moved by the test: who would have been called, and when.

The real alarms, the real log, the state read back from it after each power cut. Only the sound is
left out: its causes are given. Delivery has a week of its own (`tests/edge/notify/test_week.py`).
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest

from edge.config.settings import ChannelConfig, Config, MqttConfig
from edge.decide.alarms import AlarmChange
from edge.decide.alerts import AlertRule, Escalation
from edge.decide.desk import SETTLING_S
from edge.decide.outcomes import CauseNow
from edge.decide.quiethours import quiet_span
from edge.record.care import Action
from edge.record.log import EventLog
from edge.record.moments import Clock, Moment
from edge.record.outbox import Outbox
from edge.record.query import AlertRow, LogReader, Selection
from edge.record.retention import Retention
from edge.service.alarms import AlarmKeeper, channels_of
from edge.service.happenings import AlarmNews, Happening
from tests.edge.record.samples import SESSION
from tests.support import need

WEEK_S = 7 * 86_400.0
NIGHT = ("22:00-06:30",)
DEAF = "trouble: deaf"
RULES = (
    AlertRule(
        name="distress",
        cooldown_s=300.0,
        quiet_hours=NIGHT,
        notify=("family",),
        escalate=(Escalation(after_s=180.0, notify=("all",)),),
    ),
    AlertRule(name="fear", when=("fearful",), cooldown_s=900.0, open_s=1800.0),
)
NAMES = [*(rule.name for rule in RULES), DEAF]
CONFIG = Config(
    alert=RULES,
    mqtt=MqttConfig(host="broker"),
    channel=(
        ChannelConfig(name="family", url_file="family"),
        ChannelConfig(name="nurse", url_file="nurse", events=("raised", "acknowledged", "ended")),
    ),
)
COOLDOWN_S = {rule.name: rule.cooldown_s for rule in (*RULES, *CONFIG.trouble.rules)}
SNOOZE_S = 900.0
STEP_S = 10.0
BOOT_S = 15.0
QUIET = {"distress": NIGHT}
ROUNDING_S = 0.01
"""The log keeps milliseconds."""


@dataclass
class World(Clock):
    """What is really so, and what the device believes."""

    began: datetime
    zone: ZoneInfo
    true_s: float = 0.0
    booted_s: float = -500.0
    boot: int = 1
    wrong_s: float = 0.0
    is_set: bool = True

    def now(self) -> datetime:
        utc = self.began + timedelta(seconds=self.true_s + self.wrong_s)
        return utc.astimezone(self.zone)

    def is_synchronised(self) -> bool:
        return self.is_set

    def monotonic(self) -> float:
        return self.true_s - self.booted_s

    def at(self) -> Moment:
        return Moment(
            wall=self.now(),
            clock_synced=self.is_set,
            at_s=self.monotonic(),
            monotonic_s=self.monotonic(),
        )


class Device:
    """A log and its alarms; with the power goes all that is not in the log."""

    def __init__(self, path: Path, world: World) -> None:
        self.path, self.world = path, world
        self.told: list[tuple[float, AlarmChange]] = []
        self.boot()

    def boot(self) -> None:
        world = self.world
        boot_id = f"boot {world.boot}"
        self.log = EventLog(self.path, clock=world, retention=Retention(days=365, max_mb=64))
        state = self.log.desk_state(world.at(), boot_id=boot_id) if self.path.exists() else None
        self.keeper = AlarmKeeper(CONFIG, clock=world, monotonic=world.monotonic, restored=state)
        self.log.begin_session(replace(SESSION, boot_id=boot_id), world.at())

    def cut(self) -> None:
        self.log.close()  # without an end of the session, as after a power cut

    def write(self, happenings: Sequence[Happening]) -> list[AlarmChange]:
        changes: list[AlarmChange] = []
        for happening in happenings:
            if isinstance(happening, AlarmNews):
                self.log.record_changes(
                    happening.changes, self.world.at(), messages=happening.messages
                )
                changes += happening.changes
            elif isinstance(happening, Action):
                self.log.record_action(happening, self.world.at())
        self.told += [(self.world.true_s, change) for change in changes]
        return changes


@dataclass
class Judge:
    """Says of each moment, by what is really so, whether somebody had to be called or must not."""

    world: World
    raised_s: dict[str, float] = field(default_factory=dict)
    raised_set: dict[str, bool] = field(default_factory=dict)
    answered_s: dict[str, float] = field(default_factory=dict)
    """When the cause that holds now was answered."""
    booted_set: bool = True
    snoozed_to_s: float = 0.0
    started_s: float = -1e9
    """When the program was started; a trouble takes a while to be noticed again."""
    reasons: Counter[str] = field(default_factory=Counter)

    def hear(self, change: AlarmChange, *, snoozed: bool) -> None:
        name, now_s = change.rule, self.world.true_s
        if change.phase == "raised":
            before_s = self.raised_s.get(name)
            assert before_s is None or now_s - before_s >= COOLDOWN_S[name] - ROUNDING_S
            self.raised_s[name], self.raised_set[name] = now_s, self.world.is_set
        if change.phase == "acknowledged":
            self.answered_s[name] = now_s
        if change.phase == "raised" or change.reason.startswith("again"):
            assert not quiet_span(QUIET.get(name, ()), self.world.now())
        if change.phase in {"raised", "escalated"}:
            assert not snoozed or name == DEAF

    def look(self, holding: set[str], open_: set[str], *, snoozed: bool) -> None:
        """Nobody was called for a cause that holds and has no open alarm: was that right?"""
        is_settling = self.world.true_s - self.started_s < SETTLING_S + STEP_S
        kept = holding | ({DEAF} if is_settling else set())
        self.answered_s = {name: at for name, at in self.answered_s.items() if name in kept}
        for name in holding - open_:
            reason = self._reason(name, snoozed=snoozed)
            assert reason, f"{name} holds at {self.world.now()}, and nobody is called"
            self.reasons[reason] += 1

    def _reason(self, name: str, *, snoozed: bool) -> str | None:
        now_s, pause_s = self.world.true_s, COOLDOWN_S[name]
        raised_s = self.raised_s.get(name, -1e9)
        knows = self.raised_set.get(name) and self.booted_set
        if raised_s < self.world.booted_s and not knows:
            raised_s = self.world.booted_s  # nobody knows how long the power was off
        if snoozed and name != DEAF and now_s < self.snoozed_to_s + ROUNDING_S:
            return "snoozed"
        if quiet_span(QUIET.get(name, ()), self.world.now()):
            return "quiet hours"
        if now_s - raised_s < pause_s + ROUNDING_S:
            return "cooldown"
        if name in self.answered_s and (name == DEAF or now_s - self.answered_s[name] < pause_s):
            return "answered"
        return None


class Week:
    """Seven days, drawn by a seed."""

    def __init__(self, path: Path, began: datetime, *, seed: int) -> None:
        zone = ZoneInfo("Europe/Berlin")
        self.world = World(began=began, zone=zone)
        self.judge = Judge(self.world)
        self.random = random.Random(seed)
        self.device = Device(path, self.world)
        self.holding: Counter[str] = Counter()
        self.n_cuts = 0
        self._numbers = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._draw()

    def _draw(self) -> None:
        draw = self.random
        for name, n in (("distress", 70), ("fear", 40), (DEAF, 8)):
            for _ in range(n):
                self._cause(name, draw.uniform(0, WEEK_S), draw.choice([20, 90, 400, 2000]))
        for day in range(7):  # each morning somebody is in distress when the quiet hours end
            self._cause("distress", self._local_s(day, hour=6), 3600)
        for _ in range(12):
            self.plan(draw.uniform(0, WEEK_S), self.snooze)
        for _ in range(14):
            self.plan(draw.uniform(0, WEEK_S), self.set_wrong)
        for _ in range(10):
            self.plan(draw.uniform(0, WEEK_S), self.cut)
            self.plan(draw.uniform(0, WEEK_S), self.restart)

    def _local_s(self, day: int, *, hour: int) -> float:
        date = (self.world.began + timedelta(days=day + 1)).astimezone(self.world.zone)
        wall = date.replace(hour=hour, minute=0, second=0)
        return (wall.astimezone(UTC) - self.world.began).total_seconds()

    def _cause(self, name: str, from_s: float, for_s: float) -> None:
        self.plan(from_s, lambda: self.holding.update([name]))
        self.plan(from_s + for_s, lambda: self.holding.subtract([name]))

    def plan(self, at_s: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at_s, next(self._numbers), what))

    def snooze(self) -> None:
        self.judge.snoozed_to_s = self.world.true_s + SNOOZE_S
        self.told(self.device.keeper.snooze(for_s=SNOOZE_S, who="button"))

    def set_wrong(self) -> None:
        self.world.wrong_s = self.random.uniform(-2e5, 2e5)
        self.world.is_set = False
        self.plan(self.world.true_s + self.random.uniform(60, 20_000), self.set_right)

    def set_right(self) -> None:
        self.world.wrong_s, self.world.is_set = 0.0, True

    def answer(self, alarm: str) -> None:
        if any(status.id == alarm for status in self.device.keeper.open):
            who = "page: anna"
            self.told(self.device.keeper.acknowledge(who=who, note="", alarm=alarm))

    def cut(self) -> None:
        """The power is off for a while; there is no clock that runs without it."""
        self.device.cut()
        off_s = self.random.choice([5.0, 200.0, 4000.0])
        is_set = self.random.random() < 0.5
        self.world.booted_s = self.world.true_s + off_s
        self.world.true_s += off_s + BOOT_S
        self.world.wrong_s = 0.0 if is_set else self.world.wrong_s - off_s
        self.world.is_set = self.judge.booted_set = is_set
        self.world.boot += 1
        self.judge.answered_s = {}
        self._start()
        if not is_set:
            self.plan(self.world.true_s + self.random.uniform(10, 5000), self.set_right)

    def restart(self) -> None:
        """The program is gone, and systemd starts it again."""
        self.device.cut()
        self._start()

    def _start(self) -> None:
        self.n_cuts += 1
        self.judge.started_s = self.world.true_s
        self.device.boot()

    def told(self, happenings: Sequence[Happening]) -> None:
        snoozed = self.device.keeper.snoozed_until is not None
        for change in self.device.write(happenings):
            self.judge.hear(change, snoozed=snoozed)
            if change.phase == "raised":
                self._plan_around(change.alarm)
            if change.phase == "acknowledged" and self.random.random() < 0.4:
                # The cooldown is all that is left of it, and it is in the log alone.
                gone = self.random.choice([self.cut, self.restart])
                self.plan(self.world.true_s + self.random.uniform(0, 30), gone)

    def _plan_around(self, alarm: str) -> None:
        now_s, chance = self.world.true_s, self.random.random()
        if chance < 0.7:
            self.plan(now_s + self.random.choice([10, 100, 1000]), lambda: self.answer(alarm))
        if chance > 0.9:
            self.plan(now_s + self.random.uniform(0, 300), self.cut)

    def live(self) -> None:
        while self.world.true_s < WEEK_S:
            next_s = self._due[0][0] if self._due else WEEK_S
            self.world.true_s += max(0.1, min(next_s - self.world.true_s, self._step_s))
            while self._due and self._due[0][0] <= self.world.true_s:
                heapq.heappop(self._due)[2]()
            self._turn()

    @property
    def _step_s(self) -> float:
        """The desk turns ten times a second; here as often as something may come of it."""
        if +self.holding:
            return 1.0
        return STEP_S if self.device.keeper.open else 600.0

    def _turn(self) -> None:
        holding = set(+self.holding)
        keeper = self.device.keeper
        self.told(keeper.turn({name: CauseNow(reason=f"{name} it is") for name in holding}))
        open_ = {status.rule for status in keeper.open}
        self.judge.look(holding, open_, snoozed=keeper.snoozed_until is not None)


@pytest.fixture(
    scope="module",
    params=["2026-03-26 12:00", "2026-10-22 12:00"],
    ids=["into summer time", "out of it"],
)
def week(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Week]:
    need("Europe/Berlin" in available_timezones(), "the time zones of Debian's tzdata")
    began = datetime.fromisoformat(request.param).replace(tzinfo=UTC)
    lived = Week(tmp_path_factory.mktemp("week") / "log.db", began, seed=1)
    lived.live()  # the judge has looked at every turn
    yield lived
    lived.device.log.close()


def test_the_week_had_everything(week: Week) -> None:
    assert week.n_cuts > 12
    assert set(week.judge.reasons) == {"snoozed", "quiet hours", "cooldown", "answered"}
    seen = {(change.rule, change.phase) for _, change in week.device.told}
    phases = ("raised", "quieted", "acknowledged", "ended", "escalated")
    assert seen >= {("distress", phase) for phase in phases}
    assert {rule for rule, _ in seen} == set(NAMES)


def test_who_is_in_distress_when_the_quiet_hours_end_is_answered_then(week: Week) -> None:
    """Also on the morning after the clocks were changed."""
    mornings_s = [week._local_s(day, hour=6) + 1800.0 for day in range(6)]
    raised = [s for s, c in week.device.told if (c.rule, c.phase) == ("distress", "raised")]
    called = [any(abs(s - at_s) <= 1.0 for s in raised) for at_s in mornings_s]
    assert sum(called) >= 3  # on others a wrong clock or a snooze held them back, or a cooldown
    (changed,) = [day for day in range(6) if _changes(week, day)]
    assert called[changed]


def _changes(week: Week, day: int) -> bool:
    before = week.world.began + timedelta(days=day)
    after = before + timedelta(days=1)
    zone = week.world.zone
    return before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset()


def test_the_log_has_it_all(week: Week) -> None:
    with LogReader(week.device.path) as reader:
        rows = list(reader.rows(AlertRow, Selection()))
        n_interrupted = sum(session.interrupted for session in reader.sessions())
    assert n_interrupted == week.n_cuts
    written = [(row.alarm, row.phase, row.reason, row.who, row.step) for row in rows]
    told = [c for _, c in week.device.told]
    assert written == [(c.alarm, c.phase, c.reason, c.who, c.step) for c in told]
    lives = defaultdict(list)
    for row in rows:
        lives[row.alarm].append(row.phase)
    open_ = {status.id for status in week.device.keeper.open}
    for alarm, phases in lives.items():
        is_over = [phase in {"acknowledged", "ended"} for phase in phases]
        assert phases.count("raised") == 1
        assert phases[0] == "raised"
        assert is_over == [False] * (len(phases) - 1) + [alarm not in open_]


def test_each_change_waits_once_for_each_channel_that_wants_it(week: Week) -> None:
    wanted = Counter(
        channel for _, change in week.device.told for channel in channels_of(change, CONFIG)
    )
    outbox = Outbox(week.device.path)
    waiting = {name: found.n_messages for name, found in outbox.waiting().items()}
    outbox.close()
    assert waiting == dict(wanted)
    assert set(wanted) == {"mqtt", "family", "nurse"}
