from __future__ import annotations

import json
import threading
import time

import pytest

from edge.errors import DeliveryError
from edge.notify import mqtt
from edge.notify.connection import ANSWER_S
from tests.edge.notify.links import linked
from tests.edge.record.samples import change, message
from tests.fakes.broker import Listener, running, wait_until
from tests.fakes.ears import alarm
from tests.fakes.oldbroker import old_broker
from tests.fakes.service import status

HEAD = "ser-edge/living_room"
ONLINE = f"{HEAD}/availability"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(mqtt, "_LONGEST_WAIT_S", 0.5)


@pytest.fixture
def room(broker, listener):
    with linked(broker.port) as room:
        listener.wait_for(ONLINE, "online")
        yield room


def test_the_room_is_there_before_its_ears_are(room, listener):
    assert listener.last(f"{HEAD}/ears") == "offline"
    assert listener.last(f"{HEAD}/health") == "not running"


def test_what_is_heard_is_told_on_a_topic_of_its_own(room, listener):
    room.link.show(status(state="sad", confidence=0.71, alarms=(alarm(),)))

    listener.wait_for(f"{HEAD}/ears", "online")
    listener.wait_for(f"{HEAD}/emotion", "sad")
    listener.wait_for(f"{HEAD}/alarm", "ON")
    room.link.show(status(state="calm"))
    listener.wait_for(f"{HEAD}/emotion", "calm")
    listener.wait_for(f"{HEAD}/alarm", "OFF")


def test_whoever_is_woken_by_an_alarm_finds_its_reason_there_already(room, listener):
    room.link.show(status())
    room.link.show(status(alarms=(alarm(),)))
    listener.wait_for(f"{HEAD}/alarm", "ON")

    assert json.loads(listener.last(f"{HEAD}/alarm/attributes"))["rule"] == "distress"


def test_whoever_comes_later_is_told_how_things_are(room, broker, listener):
    room.link.show(status(state="angry", health="muted"))
    listener.wait_for(f"{HEAD}/mute", "ON")

    with Listener(broker.port) as late:
        late.wait_for(ONLINE, "online")
        late.wait_for(f"{HEAD}/emotion", "angry")
        late.wait_for(f"{HEAD}/health", "muted")
        assert all(heard.retained for heard in late.heard)


def test_home_assistant_learns_of_each_entity_and_every_topic_is_one_that_is_told(room, listener):
    room.link.show(status())
    listener.wait_for(f"{HEAD}/snoozed_until")  # the last of them
    configs = {
        heard.topic: json.loads(heard.payload)
        for heard in listener.heard
        if heard.topic.startswith("homeassistant/")
    }

    kinds = sorted(topic.split("/")[1] for topic in configs)
    assert kinds == sorted(
        ["binary_sensor"] * 2 + ["button"] * 2 + ["event", "switch"] + ["sensor"] * 6
    )
    told = {heard.topic for heard in listener.heard} | {f"{HEAD}/event"}
    for config in configs.values():
        known = {config[key] for key in ("state_topic", "json_attributes_topic") if key in config}
        assert known <= told
        assert {place["topic"] for place in config["availability"]} <= told
        assert config["device"]["name"] == "Living room"
    assert len({config["unique_id"] for config in configs.values()}) == len(configs)
    assert {config["device"]["identifiers"][0] for config in configs.values()} == {
        "ser-edge_living_room"
    }


def test_what_is_told_is_one_of_the_options_that_were_announced(room, listener):
    listener.wait_for(f"{HEAD}/availability", "online")
    announced = json.loads(
        listener.wait_for("homeassistant/sensor/ser-edge_living_room/health/config")
    )["options"]
    for health in ("starting", "listening", "deaf", "muted", "stopped"):
        assert health in announced
    assert "not running" in announced


@pytest.mark.parametrize("topic", ["homeassistant/status", "ha/status"])
def test_home_assistant_is_told_everything_again_when_it_has_started(broker, listener, topic):
    prefix = topic.partition("/")[0]
    with linked(broker.port, discovery_prefix=prefix) as room:
        listener.wait_for(ONLINE, "online")
        room.link.show(status(state="sad"))
        listener.wait_for(f"{HEAD}/emotion", "sad")
        since = len(listener.heard)
        listener.say(topic, "online")

        config = f"{prefix}/sensor/ser-edge_living_room/emotion/config"
        listener.wait_for(config, since=since)
        listener.wait_for(f"{HEAD}/emotion", "sad", since=since)


def test_without_discovery_nothing_is_announced(broker, listener):
    with linked(broker.port, discovery_prefix="") as room:
        room.link.show(status())
        listener.wait_for(f"{HEAD}/emotion")
        assert not [heard for heard in listener.heard if heard.topic.startswith("homeassistant")]


def test_a_broker_that_comes_back_without_a_memory_is_told_everything(broker, listener):
    with linked(broker.port) as room:
        room.link.show(status(state="sad"))
        listener.wait_for(f"{HEAD}/emotion", "sad")
        broker.kill()
        room.link.show(status(state="angry"))
        broker.start()

        listener.wait_for(f"{HEAD}/emotion", "angry")
        wait_until(lambda: room.n_ups == 2)
        with Listener(broker.port) as late:
            late.wait_for(ONLINE, "online")
            late.wait_for("homeassistant/switch/ser-edge_living_room/mute/config")


def test_an_end_is_told(broker, listener):
    with linked(broker.port):
        listener.wait_for(ONLINE, "online")

    listener.wait_for(ONLINE, "offline")


def test_a_last_will_of_an_older_connection_is_contradicted(room, listener):
    listener.say(ONLINE, "offline", retain=True)

    wait_until(lambda: listener.all_of(ONLINE) == ["online", "offline", "online"])


def test_what_happens_to_an_alarm_is_told_once_and_confirmed(room, listener):
    told = message(change())

    assert room.channel.deliver(told) == ""

    event = json.loads(listener.wait_for(f"{HEAD}/event"))
    assert event["event_type"] == "raised"
    assert event["message"] == told.message
    assert event["text"].startswith("Distress since")


def test_an_event_that_nobody_hears_is_said_to_be_one(broker):
    with linked(broker.port) as room:
        wait_until(lambda: room.is_up)
        assert room.channel.deliver(message(change())) == "nobody has subscribed to it"


def test_without_a_connection_nothing_is_confirmed(broker):
    with linked(broker.port) as room:
        wait_until(lambda: room.is_up)
        broker.kill()
        wait_until(lambda: not room.is_up)
        with pytest.raises(DeliveryError, match=r"lost|cannot be reached|no connection"):
            room.channel.deliver(message(change()))


def test_what_was_not_confirmed_is_not_sent_behind_the_outboxs_back(broker, listener):
    """A library that keeps what it could not send would send it a second time."""
    with linked(broker.port) as room:
        wait_until(lambda: room.is_up)
        broker.kill()
        wait_until(lambda: not room.is_up)
        with pytest.raises(DeliveryError):
            room.channel.deliver(message(change()))
        broker.start()
        wait_until(lambda: room.n_ups == 2)
        room.link.show(status())
        listener.wait_for(f"{HEAD}/emotion")

    assert listener.all_of(f"{HEAD}/event") == []


def test_orders_arrive(room, listener):
    for name, payload in (("mute/set", "ON"), ("acknowledge/press", "PRESS")):
        listener.say(f"{HEAD}/{name}", payload)

    wait_until(lambda: room.commands == [("mute/set", "ON"), ("acknowledge/press", "PRESS")])


def test_an_order_that_the_broker_kept_from_long_ago_is_none(broker, listener):
    listener.say(f"{HEAD}/mute/set", "ON", retain=True)
    with linked(broker.port) as room:
        listener.wait_for(ONLINE, "online")
        listener.say(f"{HEAD}/snooze/press", "PRESS")
        wait_until(lambda: room.commands)

    assert room.commands == [("snooze/press", "PRESS")]


def test_two_rooms_on_one_broker_do_not_meet(broker, listener):
    with linked(broker.port) as living, linked(broker.port, room="Küche") as kitchen:
        listener.wait_for(ONLINE, "online")
        listener.wait_for("ser-edge/kueche/availability", "online")
        living.link.show(status(state="calm"))
        kitchen.link.show(status(state="angry"))
        listener.wait_for(f"{HEAD}/emotion", "calm")
        listener.wait_for("ser-edge/kueche/emotion", "angry")
        listener.say("ser-edge/kueche/mute/set", "ON")
        wait_until(lambda: kitchen.commands)
        assert not living.commands
        ids = [
            json.loads(heard.payload)["unique_id"]
            for heard in listener.heard
            if heard.topic.endswith("/config")
        ]
        assert len(ids) == len(set(ids)) == 24


def test_a_broker_that_does_not_answer_ends_the_wait(monkeypatch, broker, listener):
    with linked(broker.port) as room:
        wait_until(lambda: room.is_up)
        broker.stand_still()
        try:
            started_s = time.monotonic()
            with pytest.raises(DeliveryError, match=r"did not confirm in 0\.2 s"):
                room.link.connection().tell("a", "b", limit_s=0.2)
            assert time.monotonic() - started_s < 5
        finally:
            broker.go_on()


def test_a_connection_that_ends_ends_the_wait(broker):
    with linked(broker.port) as room:
        wait_until(lambda: room.is_up)
        broker.stand_still()
        cut = threading.Timer(0.1, broker.kill)
        cut.start()
        started_s = time.monotonic()
        with pytest.raises(DeliveryError, match="was lost"):
            room.channel.deliver(message(change()))
        assert time.monotonic() - started_s < ANSWER_S / 2
        cut.join()


def test_a_broker_of_before_mqtt_5_is_served_too(broker):
    """Mosquitto cannot be told to forget MQTT 5: a man in the middle answers as an old one does."""
    with old_broker(broker.port) as old, linked(old.port) as room:
        wait_until(lambda: room.is_up)
        assert room.channel.deliver(message(change())) == ""

    assert old.versions == [5, 4]


def test_a_broker_that_forbids_a_topic_confirms_nothing(tmp_path):
    acl = tmp_path / "acl"
    acl.write_text("topic write ser-edge/living_room/availability\ntopic read #\n")
    with running(tmp_path, f"acl_file {acl}") as broker, linked(broker.port) as room:
        wait_until(lambda: room.is_up)
        with pytest.raises(DeliveryError, match="does not let a client without a name publish"):
            room.channel.deliver(message(change()))
