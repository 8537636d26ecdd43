from __future__ import annotations

import threading

import pytest

from edge.errors import AudioDeviceError
from edge.service.checks.finding import Check, Finding, not_applicable


@pytest.mark.parametrize(
    ("error", "found", "remedy"),
    [
        (AudioDeviceError("it is busy; stop arecord"), "it is busy", "stop arecord"),
        (ZeroDivisionError("a bug"), "ZeroDivisionError: a bug", "report this"),
    ],
)
def test_a_check_that_fails_is_a_finding(error: Exception, found: str, remedy: str) -> None:
    def look() -> Finding:
        raise error

    finding = Check(name="it", look=look).finding()
    assert (finding.name, finding.verdict, finding.found) == ("it", "problem", found)
    assert finding.remedy.startswith(remedy)


def test_a_check_that_hangs_is_a_finding_too() -> None:
    for_ever = threading.Event()
    check = Check(
        name="it", look=lambda: for_ever.wait() and not_applicable("it", ""), limit_s=0.05
    )
    finding = check.finding()
    for_ever.set()
    assert (finding.name, finding.verdict) == ("it", "problem")
    assert finding.found.startswith("no answer within 0.05 s")
    assert "reboot" in finding.remedy
