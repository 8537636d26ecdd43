"""The keeper around the desk: who is told, under which name, and what the status shows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from edge.config.settings import (
    ChannelConfig,
    Config,
    MqttConfig,
    RoomConfig,
    TroubleConfig,
)
from edge.contract import tables
from edge.decide.alarms import AlarmChange, OpenAlarm
from edge.decide.alerts import AlertRule
from edge.decide.outcomes import CauseNow
from edge.errors import RefusedError
from edge.record.care import Action
from edge.service.alarms import AlarmKeeper, channels_of, room_name
from edge.service.happenings import AlarmNews, Happening
from tests.fakes.alarms import Wall, change

DISTRESS = {"distress": CauseNow(reason="distress for 8 s of the last 20 s", confidence=0.7)}


def channel(name: str, *events: str) -> ChannelConfig:
    usual = ("raised", "escalated")
    return ChannelConfig(name=name, url_file="secret", events=events or usual)


CONFIG = Config(
    alert=(AlertRule(name="distress"),),
    room=RoomConfig(name="kitchen"),
    mqtt=MqttConfig(host="broker"),
    channel=(channel("family"), channel("nurse", "raised", "acknowledged", "ended")),
)


class House:
    def __init__(self, config: Config = CONFIG, **changes: Any) -> None:
        self.wall = Wall()
        self.keeper = AlarmKeeper(config, clock=self.wall, monotonic=self.wall.monotonic, **changes)

    def turn(self, causes: dict[str, CauseNow] | None = None) -> list[AlarmChange]:
        return changes_of(self.keeper.turn(causes or {}))


def changes_of(happenings: list[Happening] | Any) -> list[AlarmChange]:
    return [each for news in happenings if isinstance(news, AlarmNews) for each in news.changes]


@pytest.mark.parametrize(
    ("phase", "notify", "told"),
    [
        ("raised", ("all",), ("family", "mqtt", "nurse")),
        ("escalated", ("all",), ("family", "mqtt")),
        ("quieted", ("all",), ("mqtt",)),
        ("acknowledged", ("all",), ("mqtt", "nurse")),
        ("raised", ("family",), ("family",)),
        ("raised", ("mqtt", "stranger"), ("mqtt",)),
        ("ended", ("family",), ()),
        ("raised", (), ()),
    ],
)
def test_who_is_told_of_a_change(phase: str, notify: tuple[str, ...], told: tuple[str]) -> None:
    assert channels_of(change(phase=phase, notify=notify), CONFIG) == told


def test_without_a_broker_mqtt_is_no_channel() -> None:
    assert channels_of(change(notify=("all", "mqtt")), replace(CONFIG, mqtt=MqttConfig())) == (
        "family",
        "nurse",
    )


def test_an_alarm_is_told_to_each_channel_once_under_a_name_of_its_own() -> None:
    house = House()
    (news,) = house.keeper.turn(DISTRESS)
    assert [m.channel for m in news.messages] == ["family", "mqtt", "nurse"]
    assert len({m.message for m in news.messages}) == 3
    assert {len(m.message) for m in news.messages} == {len(m.alarm) for m in news.messages} == {32}
    first = news.messages[0]
    assert (first.alarm, first.phase, first.severity) == (news.changes[0].alarm, "raised", "urgent")
    assert (first.room, first.reason) == ("kitchen", DISTRESS["distress"].reason)
    assert first.time == "2026-11-26T12:00:00.000+00:00"
    assert json.dumps(tables.to_table(first))


def test_a_process_that_is_not_the_service_tells_nobody() -> None:
    house = House()
    house.keeper.delivers = False
    (news,) = house.keeper.turn(DISTRESS)
    assert news.changes
    assert not news.messages


def test_what_is_open_is_shown_until_somebody_has_come() -> None:
    house = House()
    assert (house.keeper.sounding, house.keeper.open) == (None, ())
    house.turn(DISTRESS)
    (shown,) = house.keeper.open
    sounding = house.keeper.sounding
    assert isinstance(sounding, OpenAlarm)
    assert (shown.id, shown.rule, shown.sounding) == (sounding.id, "distress", True)
    assert shown.raised == "2026-11-26T12:00:00.000+00:00"
    (answered,) = changes_of(house.keeper.acknowledge(who="anna", note="well", alarm=shown.id))
    assert (answered.phase, answered.who, answered.note) == ("acknowledged", "anna", "well")
    assert house.keeper.open == ()


def test_an_alarm_that_is_not_open_cannot_be_acknowledged() -> None:
    house = House()
    assert list(house.keeper.acknowledge(who="anna", note="", alarm=None)) == []
    with pytest.raises(RefusedError, match="there is no open alarm 'x'"):
        house.keeper.acknowledge(who="anna", note="", alarm="x")


def test_a_snooze_is_an_action_with_its_end_and_so_is_its_end() -> None:
    house = House()
    action, *_ = house.keeper.snooze(for_s=600, who="button")
    assert isinstance(action, Action)
    assert (action.action, action.who, str(action.until)) == (
        "snoozed",
        "button",
        "2026-11-26 12:10:00+00:00",
    )
    assert house.keeper.snoozed_until == "2026-11-26T12:10:00.000+00:00"
    assert house.turn(DISTRESS) == []
    assert [each.action for each in house.keeper.end_snooze(who="anna")] == ["snooze ended"]
    assert house.keeper.end_snooze(who="anna") == ()
    assert [each.phase for each in house.turn(DISTRESS)] == ["raised"]


def test_a_snooze_silences_what_sounds() -> None:
    house = House()
    house.turn(DISTRESS)
    happenings = house.keeper.snooze(for_s=600, who="button")
    assert [each.phase for each in changes_of(happenings)] == ["quieted"]
    assert house.keeper.sounding is None
    assert house.keeper.open


def test_it_is_due_with_each_window_and_ten_times_a_second() -> None:
    house = House()
    assert house.keeper.is_due(n_windows=0)
    assert not house.keeper.is_due(n_windows=0)
    assert house.keeper.is_due(n_windows=1)
    house.wall.now_s += 0.11
    assert house.keeper.is_due(n_windows=1)


def test_other_settings_hold_at_once_and_open_alarms_stay() -> None:
    house = House()
    house.turn(DISTRESS)
    house.keeper.go_by(replace(CONFIG, room=RoomConfig(name="hall"), channel=()))
    (news,) = house.keeper.acknowledge(who="anna", note="", alarm=None)
    assert {(m.room, m.channel) for m in news.messages} == {("hall", "mqtt")}
    house.turn(DISTRESS)
    house.wall.now_s += 400
    house.turn(DISTRESS)
    house.keeper.go_by(replace(CONFIG, alert=()))
    (ended,) = house.turn()
    assert (ended.phase, ended.reason) == ("ended", "rule removed")


def test_only_the_troubles_that_are_wanted_call() -> None:
    house = House(replace(CONFIG, trouble=TroubleConfig(deaf_s=None, severity="notice")))
    named = {f"trouble: {name}": CauseNow(reason=name) for name in ("deaf", "disk", "clock")}
    raised = {(each.rule, each.severity) for each in house.turn(named)}
    assert raised == {("trouble: disk", "notice"), ("trouble: clock", "notice")}


def test_a_trouble_calls_and_ends_by_itself() -> None:
    house = House()
    deaf = {"trouble: deaf": CauseNow(reason="nothing can be heard")}
    (news,) = house.keeper.turn(deaf)
    assert (news.changes[0].rule, news.changes[0].severity) == ("trouble: deaf", "warning")
    house.wall.now_s += 1
    ended = changes_of(house.keeper.turn({}))[-1]
    assert (ended.phase, ended.reason) == ("ended", "mended")


def test_a_room_without_a_name_is_called_as_the_machine() -> None:
    assert room_name(CONFIG) == "kitchen"
    assert room_name(Config())


def test_that_an_acknowledged_trouble_is_mended_is_written_down() -> None:
    house = House()
    deaf = {"trouble: deaf": CauseNow(reason="the microphone is gone")}
    house.turn(deaf)
    house.keeper.acknowledge(who="button", note="", alarm=None)
    assert house.keeper.turn(deaf) == []
    assert house.keeper.turn({}) == [Action(action="mended", who="", note="trouble: deaf")]
    assert house.keeper.turn({}) == []
