"""What a push looks like while it goes on, and afterwards."""

from __future__ import annotations

import io
import os
import re

import pytest

from trainer.delivery import rows
from trainer.delivery.conversation import Step
from trainer.delivery.inventory import Host
from trainer.delivery.outcomes import HostReport
from trainer.delivery.progress import LiveProgress, PlainProgress

HOSTS = [Host(name=f"pi{i}", destination=f"pi{i}") for i in range(30)]
REPORT = HostReport(
    host="kitchen", outcome="rolled back", why="the model was too slow for this machine " * 4
)


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def screen_of(text: str) -> list[str]:
    """Play what was written to a terminal: only what this program uses of its language."""
    lines, at = [""], 0
    for part in re.findall(r"\x1b\[\d*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
        if part == "\n":
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif part == "\r":
            lines[at] = lines[at] if at < len(lines) else ""
        elif part.endswith("A"):
            at -= int(part[2:-1])
        elif part.endswith("J"):
            lines = [*lines[:at], ""]
        elif not part.startswith("\x1b"):
            lines[at] += part
    return lines


@pytest.fixture(autouse=True)
def size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "10")


def test_a_terminal_shows_one_line_a_host() -> None:
    stream = FakeTerminal()
    progress = LiveProgress(stream)
    progress.begin(HOSTS[:3])
    progress.tell(HOSTS[0], Step(name="sending", text="sending 167 kB", share=0.5))
    progress.tick()
    progress.tell(HOSTS[1], Step(name="trial", text="on trial"))
    progress.tell(HOSTS[2], Step(name="tested", text="switches"))
    progress.end(HOSTS[0], HostReport(host="pi0", outcome="changed", why="room 2 runs"))
    progress.tick()
    assert screen_of(stream.getvalue()) == [
        "pi0  changed      room 2 runs",
        "pi1  on trial",
        "pi2  switches (0 s)",
        "",
    ]
    progress.clear()
    assert screen_of(stream.getvalue()) == [""]


def test_a_line_never_wraps_and_the_lines_never_scroll() -> None:
    stream = FakeTerminal()
    progress = LiveProgress(stream)
    progress.begin(HOSTS)
    for host in HOSTS[:20]:
        progress.tell(host, Step(name="x", text="a long text " * 20))
    progress.end(HOSTS[0], REPORT)
    progress.tick()
    lines = screen_of(stream.getvalue())
    assert len(lines) <= 10
    assert max(map(len, lines)) < 60
    assert lines[-2].split() == ["1", "of", "30", "hosts", "done,", "10", "waiting"]


def test_a_file_is_told_each_step_once() -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream)
    progress.begin(HOSTS[:1])
    for share in (0.0, 0.5, 1.0):
        progress.tell(HOSTS[0], Step(name="sending", text="sending 167 kB", share=share))
    progress.end(HOSTS[0], HostReport(host="pi0", outcome="changed", why="room 2 runs"))
    assert stream.getvalue() == "pi0: sending 167 kB\npi0: changed\n"


def test_a_report_is_wrapped_on_a_terminal_and_one_line_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = rows.report_text([REPORT], io.StringIO())
    assert plain == f"kitchen  rolled back  {REPORT.why}"
    monkeypatch.setenv("NO_COLOR", "1")
    wrapped = rows.report_text([REPORT], FakeTerminal())
    assert max(map(len, wrapped.splitlines())) <= 60
    assert " ".join(wrapped.split()) == " ".join(plain.split())
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b[31mrolled back" in rows.report_text([REPORT], FakeTerminal())


@pytest.mark.parametrize("columns", ["0", "1", "20"])
def test_a_tiny_terminal_breaks_nothing(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert "too slow" in rows.report_text([REPORT], FakeTerminal())
    progress = LiveProgress(FakeTerminal())
    progress.begin(HOSTS)
    assert os.environ["COLUMNS"] == columns
