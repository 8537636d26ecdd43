"""A week of alarms, network loss, power cuts, broker restarts and clocks that jump.

Every alarm reaches every channel; none is told twice to a channel whose confirmation was marked.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from edge.errors import DeliveryError
from edge.notify import mqtt
from edge.notify.courier import Courier
from edge.record.outbox import Message, Outbox
from tests.edge.notify.letters import Clock, FakeChannel, waiting_ids, write
from tests.edge.notify.links import Room, linked
from tests.edge.record.samples import begun
from tests.fakes.broker import Broker, Listener, wait_until
from tests.fakes.folders import in_memory

HOUR_S = 3600.0
WEEK_S = 7 * 24 * HOUR_S
CHANNELS = ("mqtt", "family", "nurse")
EVENT = "ser-edge/living_room/event"
STEPS = ("before the channel", "before the mark", "within the mark", "after the mark")
AMBIGUOUS = {"before the mark", "within the mark"}
"""Where the channel has a message, and nobody has written that down."""


class PowerCut(BaseException):
    """The process is gone, with all that it knew."""


@dataclass
class Fate:
    """When the power is cut: at this step of the next delivery."""

    step: str | None = None
    n_ambiguous: int = 0

    def strike(self, step: str) -> None:
        if self.step == step:
            self.step = None
            self.n_ambiguous += step in AMBIGUOUS
            raise PowerCut


@dataclass
class World:
    """What outlives the process: what the channels got, and how the network is."""

    fate: Fate = field(default_factory=Fate)
    is_down: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(CHANNELS, False))
    got: list[tuple[str, str]] = field(default_factory=list)
    marked: set[str] = field(default_factory=set)


@dataclass
class WorldChannel(FakeChannel):
    world: World = field(default_factory=World)

    def deliver(self, message: Message) -> str:
        self.world.fate.strike("before the channel")
        if self.world.is_down[self.name]:
            raise DeliveryError("no network")
        assert message.message not in self.world.marked, "told again after it was marked"
        self.world.got.append((self.name, message.message))
        self.world.fate.strike("before the mark")
        return ""


class WorldOutbox(Outbox):
    def __init__(self, path: Path, world: World) -> None:
        super().__init__(path)
        self._world = world

    def confirm(self, message: str) -> None:
        self._world.fate.strike("within the mark")
        super().confirm(message)
        self._world.marked.add(message)
        self._world.fate.strike("after the mark")


class Deliverer:
    """Couriers that are turned by hand, and are gone when the power is."""

    def __init__(self, log_file: Path, world: World, clock: Clock) -> None:
        self._made = lambda: [
            Courier(
                WorldChannel(name=name, world=world),
                WorldOutbox(log_file, world),
                monotonic_s=clock,
            )
            for name in CHANNELS
        ]
        self._couriers = self._made()

    def turn(self) -> float:
        """Let each deliver what is due, and return when one wants to come back."""
        rests_s = []
        for i in range(len(CHANNELS)):
            try:
                rests_s.append(self._couriers[i].turn())
            except PowerCut:
                self.restart()
                rests_s.append(0.0)
        return min(rests_s)

    def restart(self) -> None:
        self.close()
        self._couriers = self._made()

    def close(self) -> None:
        for courier in self._couriers:
            courier.close()

    def hurry(self) -> None:
        for courier in self._couriers:
            courier.hurry()


class Week:
    """What happens in a week, by chance."""

    def __init__(self, log_file: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock, self.world = Clock(), World()
        self._log = begun(log_file, self.clock)
        self._deliverer = Deliverer(log_file, self.world, self.clock)
        self.written: set[tuple[str, str]] = set()

    def run(self) -> None:
        end_s = self.clock.now_s + WEEK_S
        deeds = [self.alarm] * 8
        deeds += [self.network_of_one, self.network, self.power_cut, self._deliverer.restart]
        deeds += [self.wall_clock_jumps]
        while self.clock.now_s < end_s:
            self.chance.choice(deeds)()
            self.go_on(self.chance.expovariate(1 / (1.2 * HOUR_S)))
        self.world.is_down.update(dict.fromkeys(CHANNELS, False))
        self.world.fate.step = None
        self.go_on(HOUR_S)
        self._log.close()
        self._deliverer.close()

    def go_on(self, seconds: float) -> None:
        """Let time go by, and the deliverer do whatever it wants to do meanwhile."""
        until_s = self.clock.now_s + seconds
        while (rest_s := until_s - self.clock.now_s) > 0:
            self.clock.go_on(min(rest_s, self._deliverer.turn()))

    def alarm(self) -> None:
        ids = write(self._log, self.clock, channels=CHANNELS)
        self.written.update(zip(CHANNELS, ids, strict=True))

    def network_of_one(self) -> None:
        name = self.chance.choice(CHANNELS)
        self.world.is_down[name] = not self.world.is_down[name]
        if not self.world.is_down[name] and self.chance.random() < 0.5:
            self._deliverer.hurry()

    def network(self) -> None:
        is_down = not all(self.world.is_down.values())
        self.world.is_down.update(dict.fromkeys(CHANNELS, is_down))

    def power_cut(self) -> None:
        self.world.fate.step = self.chance.choice(STEPS)

    def wall_clock_jumps(self) -> None:
        days = self.chance.choice([-7, -1 / 24, 1 / 24, 400])
        self.clock.wall += timedelta(days=days)


@pytest.fixture
def quick_folder(tmp_path):
    with in_memory(tmp_path) as folder:
        yield folder


@pytest.mark.parametrize("seed", range(2))
def test_a_week(quick_folder, seed):
    log_file = quick_folder / "log.db"
    week = Week(log_file, seed)
    week.run()

    world = week.world
    assert len(week.written) > 150
    assert set(world.got) == week.written
    twice = sum(n - 1 for n in Counter(world.got).values())
    assert twice == world.fate.n_ambiguous
    assert world.fate.n_ambiguous > 0
    assert [waiting_ids(log_file, name) for name in CHANNELS] == [[], [], []]


@pytest.mark.parametrize("step", STEPS)
def test_the_power_is_cut_at_each_step(quick_folder, step):
    clock, world = Clock(), World()
    log_file = quick_folder / "log.db"
    with closing(begun(log_file, clock)) as log:
        ids = [*write(log, clock), *write(log, clock)]
    deliverer = Deliverer(log_file, world, clock)
    world.fate.step = step
    for _ in range(4):
        deliverer.turn()
    deliverer.close()

    first = [("mqtt", ids[0])] * (2 if step in AMBIGUOUS else 1)
    assert world.got == [*first, ("mqtt", ids[1])]
    assert waiting_ids(log_file) == []


def test_nights_on_a_real_broker_that_is_killed_again_and_again(
    quick_folder, broker, listener, monkeypatch
):
    monkeypatch.setattr(mqtt, "_LONGEST_WAIT_S", 0.2)
    log_file = quick_folder / "log.db"
    written: list[str] = []
    for seed in range(3):  # each with a process of its own
        with linked(broker.port) as room, closing(Outbox(log_file)) as outbox:
            night = Night(broker, listener, room, outbox)
            written += night.run(log_file, random.Random(seed), n_before=len(written))

    told = [json.loads(event)["message"] for event in listener.all_of(EVENT)]
    assert told == written
    assert waiting_ids(log_file) == []


@dataclass
class Night:
    broker: Broker
    listener: Listener
    room: Room
    outbox: Outbox
    cut: threading.Timer | None = None

    def run(self, log_file: Path, chance: random.Random, *, n_before: int) -> list[str]:
        clock = Clock()
        courier = Courier(self.room.channel, self.outbox, monotonic_s=clock)
        self.room.on_up = courier.hurry
        ids: list[str] = []
        with closing(begun(log_file, clock)) as log:
            for deed in chance.sample([self.nothing] * 4 + [self.dead, self.broken_wire], 6):
                self.wait_until_up()
                ids += write(log, clock)
                deed()
                clock.go_on(min(courier.turn(), HOUR_S))
                assert (deed == self.nothing) == (not waiting_ids(log_file))
                self.wait_until_up()
                courier.turn()
                self.listener.wait_for_more(EVENT, n_before + len(ids))
        return ids

    def nothing(self) -> None:
        pass

    def dead(self) -> None:
        self.broker.kill()
        wait_until(lambda: not self.room.is_up)

    def broken_wire(self) -> None:
        """The message goes out, and neither it nor its confirmation arrives."""
        self.broker.stand_still()
        self.cut = threading.Timer(0.05, self.broker.kill)
        self.cut.start()

    def wait_until_up(self) -> None:
        if self.cut:
            self.cut.join()
        self.broker.start()
        wait_until(lambda: self.room.is_up)
        assert self.listener.is_subscribed.wait(20)
