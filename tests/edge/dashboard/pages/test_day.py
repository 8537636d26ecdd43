"""The day and its hours: nothing is lost where the clocks change, and the page stays light."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.labels import STATES
from edge.dashboard.pages import days
from edge.dashboard.pages.day import hour_rows
from edge.record.days import day_bounds
from edge.record.timeline import Stretch
from tests.edge.dashboard.browser.test_looks import MOST_BYTES
from tests.edge.record.samples import SESSION, StoppedClock, change, event, open_log
from tests.fakes.dashboard import ANSWERED_ALARM, NOW, OPEN_ALARM, ZONE, House, a_house
from tests.support import REPOSITORY

SPRING = date(2026, 3, 29)
AUTUMN = date(2026, 10, 25)


@pytest.mark.parametrize(
    ("day", "zone", "n_hours"),
    [
        (date(2026, 11, 26), "Europe/Berlin", 24),
        (SPRING, "Europe/Berlin", 23),
        (AUTUMN, "Europe/Berlin", 25),
        (date(2026, 4, 5), "Australia/Lord_Howe", 25),  # half an hour is put back
        (date(2026, 11, 26), "Asia/Kathmandu", 24),
    ],
)
def test_a_day_has_all_its_hours(day: date, zone: str, n_hours: int) -> None:
    found = list(days.hours(day, ZoneInfo(zone)))
    since, until = day_bounds(day, ZoneInfo(zone))
    assert len(found) == n_hours
    assert found[0] == since
    assert found[-1].astimezone(UTC) < until.astimezone(UTC)


def test_an_hour_that_is_left_out_is_none_and_one_that_comes_twice_is_two_long() -> None:
    assert days.hour_bounds(SPRING, 2, ZONE) is None
    since, until = days.hour_bounds(AUTUMN, 2, ZONE)
    assert until.astimezone(UTC) - since.astimezone(UTC) == timedelta(hours=2)
    since, until = days.hour_bounds(AUTUMN, 3, ZONE)
    assert until.astimezone(UTC) - since.astimezone(UTC) == timedelta(hours=1)


@given(
    day=st.sampled_from([SPRING, AUTUMN, date(2026, 11, 26)]),
    lengths_s=st.lists(
        st.tuples(st.floats(0.5, 9000), st.sampled_from(STATES)), min_size=1, max_size=20
    ),
)
def test_the_hours_of_a_day_sum_up_to_what_was_heard(
    day: date, lengths_s: list[tuple[float, str]]
) -> None:
    since, until = (moment.astimezone(UTC) for moment in day_bounds(day, ZONE))
    stretches, begin = [], since
    for length_s, state in lengths_s:
        end = min(until, begin + timedelta(seconds=length_s))
        if begin < end:
            stretches.append(a_stretch(begin, end, state))
        begin = end
    rows = hour_rows(list(days.hours(day, ZONE)), stretches, [])
    voiced = [s for s in stretches if s.state != "no_speech"]
    upset = [s for s in voiced if s.state in {"fearful", "sad", "angry"}]
    assert sum(row.voice_s for row in rows) == pytest.approx(seconds(voiced), abs=0.01)
    assert sum(row.distress_s for row in rows) == pytest.approx(seconds(upset), abs=0.01)
    assert all(row.voice_s <= 3600.001 for row in rows)


def a_stretch(begin: datetime, end: datetime, state: str) -> Stretch:
    return Stretch(
        begin=begin.astimezone(ZONE),
        end=end.astimezone(ZONE),
        state=state,
        confidence=0.7,
        event=1,
    )


def seconds(stretches: list[Stretch]) -> float:
    # Of two times in one zone Python takes the difference on the wall.
    return sum((s.end.astimezone(UTC) - s.begin.astimezone(UTC)).total_seconds() for s in stretches)


@pytest.mark.parametrize(
    "path",
    [
        "/day/tomorrow",
        "/day/0001-01-01",
        "/day/9999-12-31",
        "/day/2026-02-30",
        "/day/2026-11-26/24",
        "/day/2026-03-29/2",
        "/judge/0",
        "/judge/999999",
        "/judge/99999999999999999999999",
        "/calendar/2026-13",
        "/calendar/9999-12",
        "/alarms/no-such-alarm",
    ],
)
def test_what_is_no_day_is_not_found(house: House, path: str) -> None:
    assert house.log_in("otto").get(path).status_code == 404


def test_an_alarm_tells_what_people_said_of_it(house: House) -> None:
    page = house.log_in("lena").get(f"/alarms/{ANSWERED_ALARM}").text
    assert re.search(r"it was a false alarm . anna: “the radio”", page)
    assert "it was a false alarm" not in house.log_in("lena").get(f"/alarms/{OPEN_ALARM}").text


def test_who_opens_a_page_of_another_role_reads_why_not(house: House) -> None:
    page = house.log_in("lena").get("/people").text
    assert "This page is for people with another role." in page


@pytest.mark.parametrize("first", ["1000000", "-5", "x"])
def test_any_place_in_an_hour_may_be_asked_for(house: House, first: str) -> None:
    assert house.log_in("lena").get(f"/day/2026-11-26/9?from={first}").status_code == 200


def test_today_is_the_rooms(house: House) -> None:
    client = house.log_in("lena")
    assert client.get("/day").headers["Location"] == "/day/2026-11-26"
    assert client.get("/day?date=2026-11-20").headers["Location"] == "/day/2026-11-20"
    assert client.get("/calendar").headers["Location"] == "/calendar/2026-11"


def test_pages_answer_where_there_is_no_log_yet(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        for file in tmp_path.glob("log.db*"):
            file.unlink()
        client = house.log_in("anna")
        assert "Nothing was heard on this day." in client.get("/day/2026-11-26").text
        assert "Nothing was heard in this month." in client.get("/calendar/2026-11").text
        assert client.get("/day/2026-11-26/9").status_code == 404


@pytest.fixture(scope="module")
def frantic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a log of a day on which everything changes each second and somebody is called often."""
    folder = tmp_path_factory.mktemp("frantic")
    path = folder / "log.db"
    clock = StoppedClock(wall=NOW - timedelta(days=2))
    log = open_log(path, clock)
    log.begin_session(SESSION, clock.at(0.0))
    log.record(event("calm", at_s=0.0), clock.at(0.0))
    for n in range(100):
        at = clock.at(36_000.0 + 60.0 * n)
        log.record_changes([change("raised", alarm=f"a{n}"), _answered(f"a{n}")], at)
    log.close()
    with closing(sqlite3.connect(path)) as file, file:
        _multiply(file)
    return path


def _answered(alarm: str) -> object:
    return change(
        "acknowledged", alarm=alarm, reason="acknowledged", who="mqtt", note="well " * 190
    )


def _multiply(file: sqlite3.Connection) -> None:
    """Put 86,400 events in the place of the one."""
    names = [row[1] for row in file.execute("PRAGMA table_info(events)")]
    first = dict(zip(names, file.execute("SELECT * FROM events").fetchone(), strict=True))
    file.execute("DELETE FROM events")
    file.executemany(
        f"INSERT INTO events ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        [tuple((first | _nth(n, first["at_ms"])).values()) for n in range(86_400)],
    )


def _nth(n: int, since_ms: int) -> dict[str, object]:
    at = datetime.fromtimestamp(since_ms / 1000 + n, ZONE)
    return {
        "id": n + 1,
        "sequence": n + 1000,
        "time": at.isoformat(timespec="milliseconds"),
        "at_ms": since_ms + 1000 * n,
        "at_s": float(n),
        "at_sample": 16_000 * n,
        # Every mark of the picture another than the one before it.
        "state": STATES[(n // 20) % len(STATES)],
        "duration_s": 1.0,
    }


@pytest.mark.parametrize("path", ["/day/2026-11-25", "/day/2026-11-25/10", "/calendar/2026-11"])
def test_the_worst_day_is_light_too(tmp_path: Path, frantic: Path, path: str) -> None:
    with a_house(tmp_path) as house:
        for file in tmp_path.glob("log.db*"):
            file.unlink()
        (tmp_path / "log.db").write_bytes(frantic.read_bytes())
        answer = house.log_in("otto").get(path)
    assert answer.status_code == 200
    static = (REPOSITORY / "edge" / "dashboard" / "static").iterdir()
    n_bytes = len(answer.data) + sum(file.stat().st_size for file in static)
    assert 20_000 < n_bytes <= MOST_BYTES
