"""The day, its hours, the calendar and a file, in a browser, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.app.models import bundled_sample
from edge.service.protocol import Acknowledge, Feedback, Mute
from tests.fakes.dashboard import ANSWERED_ALARM, OPEN_ALARM, PASSWORD, House


def test_from_the_calendar_to_that_was_wrong(visit: Callable[..., Any], house: House) -> None:
    page = visit("/calendar/2026-11")
    page.get_by_role("link", name="26: Thursday, 26 November 2026").click()
    page.get_by_role("heading", name="2 alarms").wait_for()
    page.get_by_text("“she had a bad dream”").wait_for()
    page.get_by_role("link", name="09:00").click()
    row = page.get_by_role("row", name="09:05:00")
    assert row.get_by_role("cell").all_inner_texts()[1:3] == ["72%", "7 min"]
    row.get_by_role("link", name="Wrong? 09:05:00").click()
    page.get_by_label("happy").check()
    page.get_by_label("Note").fill("she laughed")
    page.get_by_role("button", name="Note it").click()
    page.get_by_text("Thank you, it is noted.").wait_for()
    assert house.ears.wait_for(Feedback) == Feedback(
        who="page: anna",
        heard_at="2026-11-26T09:05:00.000+01:00",
        verdict="wrong",
        truth="happy",
        note="she laughed",
    )
    assert not page.faults


def test_a_false_alarm_is_judged(visit: Callable[..., Any], house: House) -> None:
    page = visit("/day/2026-11-26")
    page.get_by_role("link", name="09:13").click()
    page.get_by_text("“she had a bad dream”").wait_for()
    page.get_by_label("Note").fill("a film")
    page.get_by_role("button", name="It was a false alarm").click()
    page.get_by_text("Thank you, it is noted.").wait_for()
    assert house.ears.wait_for(Feedback) == Feedback(
        who="page: anna",
        heard_at="2026-11-26T09:13:00.000+01:00",
        verdict="wrong",
        note="a film",
        alarm=ANSWERED_ALARM,
    )


def test_a_day_leads_to_the_one_before_and_to_csv(visit: Callable[..., Any]) -> None:
    page = visit("/day/2026-11-26")
    with page.expect_download() as download:
        page.get_by_role("link", name="States as CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert download.value.suggested_filename == "events.csv"
    assert len(lines) == 13
    assert "state" in lines[0]
    page.get_by_role("link", name="Day before").click()
    page.get_by_role("heading", name="Wednesday, 25 November 2026").wait_for()
    page.get_by_text("Nothing was heard on this day.").wait_for()
    page.get_by_role("link", name="Day after").click()
    page.get_by_role("heading", name="Thursday, 26 November 2026").wait_for()


def test_a_recording_is_drawn(visit: Callable[..., Any]) -> None:
    page = visit("/listen")
    page.get_by_label("Recording").set_input_files(bundled_sample())
    page.get_by_role("button", name="Listen", exact=True).click()
    page.get_by_role("heading", name="room.flac").wait_for()
    page.get_by_text("Nothing of it was kept.").wait_for()
    assert page.locator("figure svg").count() == 3
    assert page.locator(".line").count() == 8
    assert page.get_by_role("table").count() == 2
    assert not page.faults


def test_what_is_no_recording_is_refused(visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit("/listen", locale="de-DE")
    letter = tmp_path / "brief.wav"
    letter.write_text("Liebe Anna", encoding="utf-8")
    page.locator("#recording").set_input_files(letter)
    page.get_by_role("button", name="Anhören").click()
    text = page.get_by_role("alert").inner_text()
    assert text == "„brief.wav“ ist keine Aufnahme, die gelesen werden kann."
    assert page.locator("#recording").get_attribute("aria-invalid") == "true"


def test_essentials_without_scripts(visit: Callable[..., Any], house: House) -> None:
    page = visit("/", who=None, java_script_enabled=False)
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("Sounds angry").first.wait_for()
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "10"
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_text("Acknowledged.").wait_for()
    assert house.ears.wait_for(Acknowledge) == Acknowledge(who="page: anna", alarm=OPEN_ALARM)
    page.get_by_role("button", name="Mute").click()
    page.get_by_text("The microphone is off.").wait_for()
    assert house.ears.wait_for(Mute)
    page.goto("/day/2026-11-26")
    assert page.locator("svg.strip").count() == 7
    page.get_by_role("link", name="09:00").click()
    page.get_by_role("row", name="09:05:00").wait_for()
    page.goto("/listen")
    page.get_by_label("Recording").set_input_files(bundled_sample())
    page.get_by_role("button", name="Listen", exact=True).click()
    page.get_by_role("heading", name="room.flac").wait_for()
