"""A week of one room, from the cause to whoever is called: alarms, log, outbox and couriers.

The clock is the test's; power, network, program and wall clock fail as they like.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import available_timezones

from edge.record.outbox import Outbox
from edge.service.alarms import channels_of
from tests.edge.notify.test_week import CHANNELS, STEPS, Deliverer
from tests.edge.notify.test_week import World as Outside
from tests.fakes.folders import in_memory
from tests.replay.test_week import CONFIG, WEEK_S, Week
from tests.support import need

LAST_S = 1800.0
"""Longer than any courier rests."""


class DeliveredWeek(Week):
    """The week of the alarms, with a deliverer beside the ears; a power cut takes both."""

    def __init__(self, path: Path, began: datetime, *, seed: int) -> None:
        super().__init__(path, began, seed=seed)
        self.outside = Outside()
        self.deliverer = Deliverer(path, self.outside, self.world.monotonic)
        self.n_outages = self._n_told = 0
        self._due_s = 0.0
        for _ in range(40):
            self.plan(self.random.uniform(0, WEEK_S), self.lose_network)
            self.plan(self.random.uniform(0, WEEK_S), self.fail_at_a_step)

    def lose_network(self) -> None:
        names = self.random.choice([*[(name,) for name in CHANNELS], CHANNELS])
        self.n_outages += 1
        self.outside.is_down.update(dict.fromkeys(names, True))
        back_s = self.world.true_s + self.random.choice([30.0, 1000.0, 30_000.0])
        self.plan(back_s, lambda: self.outside.is_down.update(dict.fromkeys(names, False)))

    def fail_at_a_step(self) -> None:
        self.outside.fate.step = self.random.choice(STEPS)

    def _start(self) -> None:
        super()._start()
        self.deliverer.restart()

    def _turn(self) -> None:
        super()._turn()
        n_told = len(self.device.told)
        if n_told > self._n_told or self.world.true_s >= self._due_s:  # it is woken, or wakes
            self._n_told, self._due_s = n_told, self.world.true_s + self.deliverer.turn()

    def end(self) -> None:
        """Let the network come back, and what waits go out."""
        self.outside.is_down.update(dict.fromkeys(CHANNELS, False))
        self.outside.fate.step = None
        until_s = self.world.true_s + LAST_S
        while self.world.true_s < until_s:
            self.world.true_s += min(max(self.deliverer.turn(), 0.1), 60.0)
        self.deliverer.close()
        self.device.log.close()


def test_every_alarm_of_a_week_reaches_everybody_who_is_to_be_told(tmp_path: Path) -> None:
    need("Europe/Berlin" in available_timezones(), "the time zones of Debian's tzdata")
    began = datetime(2026, 10, 22, 12, tzinfo=UTC)  # the clocks are set back on the 25th
    with in_memory(tmp_path) as folder:
        week = DeliveredWeek(folder / "log.db", began, seed=7)
        week.live()  # the judge looks at cooldown, quiet hours and snooze at every turn
        week.end()
        with closing(Outbox(week.device.path)) as outbox:
            waiting = outbox.waiting()

    assert week.n_cuts > 12
    assert week.n_outages > 30
    wanted = Counter(name for _, change in week.device.told for name in channels_of(change, CONFIG))
    assert wanted.total() > 150
    outside = week.outside
    got = Counter(outside.got)
    assert Counter(name for name, _ in got) == wanted
    # Told twice is only what the power took before anybody could write down that it was told.
    assert got.total() - len(got) == outside.fate.n_ambiguous > 0
    assert waiting == {}
