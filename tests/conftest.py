"""What every test gets: folders of its own, patient hypothesis profiles, and no silent skips."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

# A shell that starts a run in the background has it ignore Ctrl-C, and children inherit that; tests
# press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

# The cores are shared and slow: a deadline would test the machine. The same examples come in every
# run, so that a red test is red again tomorrow.
settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# For the search of new examples: HYPOTHESIS_PROFILE=search script/test tests/edge
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# A pattern for the reasons for which a test may be skipped; script/test sets it in CI, where
# everything else must run. Not set: every skip is only reported.
ALLOWED_SKIPS = os.environ.get("SER_ALLOWED_SKIPS")


@pytest.fixture(scope="session", autouse=True)
def shared_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what fixtures of a module start out of the system's folders."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _move_folders(monkeypatch, tmp_path_factory.mktemp("shared"))
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path_factory.mktemp("run")))
        # lgpio goes to this folder when it is imported, and leaves a pipe where it is.
        monkeypatch.setenv("LG_WD", str(tmp_path_factory.mktemp("lgpio")))
        yield


@pytest.fixture(autouse=True)
def own_folders(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep the program's state, configuration and log out of the user's home."""
    _move_folders(monkeypatch, tmp_path)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path_factory.mktemp("run")))


def _move_folders(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(folder / "state"))  # wins for root too
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / "xdg" / name.lower()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip for a reason that is not allowed into a failure."""
    report = yield
    return _without_silent_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do the same for modules that skip themselves as a whole."""
    report = yield
    return _without_silent_skip(report)


def _without_silent_skip(report: Report) -> Report:
    if ALLOWED_SKIPS is None or not report.skipped or hasattr(report, "wasxfail"):
        return report
    reason = str(report.longrepr)
    if not (ALLOWED_SKIPS and re.search(ALLOWED_SKIPS, reason)):
        report.outcome = "failed"
        report.longrepr = f"everything must run here, but this was skipped: {reason}"
    return report
