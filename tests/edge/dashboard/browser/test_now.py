"""Now, in a browser: what changes in the room changes on the page, which is never loaded anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.service.protocol import Acknowledge, EndSnooze, Mute, Snooze, Unmute
from tests.edge.dashboard.browser.conftest import cookies_of
from tests.fakes.dashboard import OPEN_ALARM, PASSWORD, House, a_house, open_alarm


def marked(page: Any) -> Any:
    """Leave a mark that does not outlive a reload."""
    page.evaluate("window.isTheSame = true")
    return page


def is_the_same(page: Any) -> bool:
    return bool(page.evaluate("window.isTheSame === true"))


@pytest.fixture
def quiet(house: House) -> House:
    house.show(alarms=(), alarm=None)
    return house


def test_a_change_of_state_is_shown_and_said(visit: Callable[..., Any], quiet: House) -> None:
    page = marked(visit())
    page.get_by_text("Sounds angry").first.wait_for()
    assert page.locator("#part-now .s-angry").count()
    quiet.ears.show(state="calm", confidence=0.83, probabilities={"calm": 0.83})
    page.locator(".word", has_text="Sounds calm").wait_for()
    assert "83%" in page.locator(".sure").inner_text()
    assert page.locator("#say[aria-live=polite]").inner_text() == "Sounds calm"
    assert is_the_same(page)
    assert not page.faults


def test_the_level_moves(visit: Callable[..., Any], quiet: House) -> None:
    page = visit()
    quiet.ears.show(state="sad")
    page.locator(".word", has_text="Sounds sad").wait_for()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    quiet.ears.show(level_dbfs=-12.0)
    page.locator("#level-text", has_text="\N{MINUS SIGN}12\xa0dB").wait_for()
    assert page.locator("#level").evaluate("meter => meter.value") == -12
    quiet.ears.show(level_dbfs=-40.0)
    page.locator("#level-text", has_text="\N{MINUS SIGN}40\xa0dB").wait_for()
    quiet.ears.show(level_dbfs=-95.0)
    page.locator("#level-text", has_text="\N{MINUS SIGN}70\xa0dB").wait_for()
    assert len(fetched) <= 1  # for the state, if the page has shown it sooner than it was told


def test_an_alarm_comes_first_and_is_called_out(visit: Callable[..., Any], quiet: House) -> None:
    page = marked(visit())
    quiet.ears.show(alarms=(open_alarm(),), alarm="distress")
    page.get_by_role("heading", name="Somebody sounds in distress").wait_for()
    assert page.locator("#call[aria-live=assertive]").inner_text().startswith("Alarm: Somebody")
    assert page.title().startswith("⚠")
    first = page.evaluate("document.querySelector('#live section').className")
    assert first.startswith("alarm urgent")
    assert is_the_same(page)


def test_alarm_is_acknowledged_by_keyboard_alone(visit: Callable[..., Any], house: House) -> None:
    page = visit()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == f"ack-{OPEN_ALARM}":
            break
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="Acknowledged.").wait_for()
    assert house.ears.wait_for(Acknowledge) == Acknowledge(who="page: anna", alarm=OPEN_ALARM)
    assert not page.locator(".alarm").count()
    page.reload()
    assert not page.get_by_text("Acknowledged.").count()


def test_the_focus_stays_where_it_is_while_the_page_changes(
    visit: Callable[..., Any], house: House
) -> None:
    page = visit()
    page.locator("#mute").focus()
    house.show(state="sad", confidence=0.5)
    page.locator(".word", has_text="Sounds sad").wait_for()
    assert page.evaluate("document.activeElement.id") == "mute"


def test_alarm_is_acknowledged_with_a_note(visit: Callable[..., Any], house: House) -> None:
    page = visit()
    page.get_by_role("link", name="With a note").click()
    page.get_by_label("Note").fill("The soup was hot; all is well ☕")
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_text("Acknowledged.").wait_for()
    command = house.ears.wait_for(Acknowledge)
    assert isinstance(command, Acknowledge)
    assert (command.note, command.alarm) == ("The soup was hot; all is well ☕", OPEN_ALARM)


def test_mute_and_unmute(visit: Callable[..., Any], quiet: House) -> None:
    page = visit()
    page.get_by_role("button", name="Mute").click()
    page.locator(".word", has_text="Muted").wait_for()
    assert quiet.ears.wait_for(Mute) == Mute(who="page: anna")
    page.get_by_role("button", name="Turn the microphone on").click()
    page.get_by_text("The microphone is on again.").wait_for()
    assert quiet.ears.wait_for(Unmute) == Unmute(who="page: anna")


def test_snooze_and_its_end(visit: Callable[..., Any], quiet: House) -> None:
    page = visit()
    page.get_by_role("button", name="No alarms for 15 minutes").click()
    page.get_by_text("No alarm is raised until").wait_for()
    assert quiet.ears.wait_for(Snooze) == Snooze(for_s=900.0, who="page: anna")
    page.get_by_role("button", name="Raise alarms again").click()
    page.get_by_text("Alarms are raised again.").wait_for()
    assert quiet.ears.wait_for(EndSnooze) == EndSnooze(who="page: anna")


def test_what_was_not_done_is_not_said_to_be_done(visit: Callable[..., Any], house: House) -> None:
    page = visit()
    house.ears.refusal = "the disk is on fire"
    page.locator(f"#ack-{OPEN_ALARM}").click()
    page.get_by_role("alert").filter(has_text="It was not done").wait_for()


def test_deaf_ears_are_told_of(visit: Callable[..., Any], quiet: House) -> None:
    page = visit()
    quiet.ears.show(health="deaf", fault="the microphone gives only zeros")
    page.locator(".word", has_text="Cannot hear").wait_for()
    page.get_by_text("What the device says").click()
    page.get_by_text("the microphone gives only zeros").wait_for()


def test_a_lost_connection_is_told_of(browser: Any, tmp_path: Path) -> None:
    with a_house(tmp_path) as house, browser.new_context() as context:
        with house.served() as url:
            context.add_cookies(cookies_of(house, "lena", url))
            page = context.new_page()
            page.goto(url)
            page.locator(".word", has_text="Sounds angry").wait_for()
            assert page.locator("#lost").is_hidden()
        page.locator("#lost").wait_for(state="visible")


def test_where_too_many_look_on_the_page_asks_by_itself(browser: Any, tmp_path: Path) -> None:
    with (
        a_house(tmp_path, n_streams=0) as house,
        house.served() as url,
        browser.new_context() as context,
    ):
        context.add_cookies(cookies_of(house, "lena", url))
        page = context.new_page()
        page.goto(url)
        page.locator(".word", has_text="Sounds angry").wait_for()
        house.ears.show(state="calm")
        page.locator(".word", has_text="Sounds calm").wait_for()
        assert page.locator("#lost").is_hidden()


def test_who_is_logged_out_elsewhere_sees_the_log_in(browser: Any, tmp_path: Path) -> None:
    with (
        a_house(tmp_path, heartbeat_s=0.3) as house,
        house.served() as url,
        browser.new_context() as context,
    ):
        context.add_cookies(cookies_of(house, "lena", url))
        page = context.new_page()
        page.goto(url)
        page.locator(".word", has_text="Sounds angry").wait_for()
        house.pieces.people.set_password("lena", f"{PASSWORD} again")
        page.wait_for_url("**/login?back=/")


def test_who_may_only_look_cannot_answer(visit: Callable[..., Any], house: House) -> None:
    page = visit(who="lena")
    page.get_by_role("heading", name="Somebody sounds in distress").wait_for()
    for name in ("Acknowledge", "Mute", "No alarms for 15 minutes"):
        assert not page.get_by_role("button", name=name).count(), name
    assert not page.get_by_role("link", name="With a note").count()
    assert not page.get_by_role("link", name="People").count()
    token = page.locator("[name=csrf_token]").first.get_attribute("value")
    for path in ("/acknowledge", "/snooze", "/snooze/end", "/mute", "/unmute", "/judge/1"):
        answer = page.request.post(path, form={"csrf_token": token})
        assert answer.status == 403, path
    assert not house.ears.commands
