"""The units: systemd finds no fault in them, they are locked up, and they name what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from edge.cli.main import VERBS
from edge.config.places import NAME, SERVICE_USER, Places
from edge.config.settings import Config
from edge.errors import EXIT_CONFIG
from tests.support import REPOSITORY, need

UNITS = REPOSITORY / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
MOST_EXPOSURE = 1.5
COMMAND = "/usr/local/bin/ser-edge"


def settings(unit: Path) -> dict[str, list[str]]:
    """Return every value of every key, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    need(program, "systemd-analyze (Debian: systemd)")
    return subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def service() -> dict[str, list[str]]:
    return settings(UNITS / "ser-edge.service")


@pytest.fixture
def places() -> Places:
    return Places(environ={}, is_system=True)


def seconds(text: str) -> float:
    factors = {"": 1, "s": 1, "min": 60, "ms": 0.001}
    number, unit = re.fullmatch(r"([\d.]+)(\w*)", text).groups()
    return float(number) * factors[unit]


def verified(folder: Path, *, also: str = "") -> str:
    """Return what systemd says of the units, with a command that exists in the place of ours."""
    copies = []
    for unit in sorted(UNITS.iterdir()):
        text = unit.read_text(encoding="utf-8").replace(COMMAND, "/bin/true")
        if unit.name == "ser-edge.service":
            text = text.replace("[Service]", f"[Service]\n{also}")
        copies.append(folder / unit.name)
        copies[-1].write_text(text, encoding="utf-8")
    finished = analyze("verify", *map(str, copies))
    return finished.stdout + finished.stderr


def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    assert verified(tmp_path) == ""


def test_systemd_would_find_one(tmp_path: Path) -> None:
    assert "WatchdogSecs" in verified(tmp_path, also="WatchdogSecs=3")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_little_is_exposed(unit: Path) -> None:
    finished = analyze("security", "--offline=true", "--json=short", str(unit))
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)
    limit = f"--threshold={round(10 * MOST_EXPOSURE)}"
    finished = analyze("security", "--offline=true", limit, str(unit))
    assert finished.returncode == 0, finished.stdout[-200:]


def test_exactly_microphones_and_pins_are_open(service: dict[str, list[str]]) -> None:
    assert service["DevicePolicy"] == ["closed"]
    assert sorted(service["DeviceAllow"]) == ["char-alsa rw", "char-gpiochip rw"]
    assert "PrivateDevices" not in service
    assert "ProcSubset" not in service  # gpiozero reads /proc/cpuinfo and /proc/device-tree


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_nobody_has_a_network_or_a_privilege(unit: Path) -> None:
    found = settings(unit)
    assert found["PrivateNetwork"] == ["yes"]
    assert found["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert found["CapabilityBoundingSet"] == [""]
    assert found["NoNewPrivileges"] == ["yes"]


def test_user_and_folders_are_those_of_the_program(
    service: dict[str, list[str]], places: Places
) -> None:
    assert service["User"] == service["Group"] == [SERVICE_USER]
    assert Path("/var/lib", *service["StateDirectory"]) == places.state_directory()
    assert Path("/run", *service["RuntimeDirectory"]) == places.runtime_directory()
    assert service["ConfigurationDirectory"] == [NAME]
    assert service["WorkingDirectory"] == [f"%t/{NAME}"]
    assert f"LG_WD=%t/{NAME} GPIOZERO_PIN_FACTORY=lgpio" in service["Environment"]


def test_daily_check_looks_where_the_service_writes(places: Places) -> None:
    check = settings(UNITS / "ser-edge-selftest.service")
    assert check["User"] == [SERVICE_USER]
    assert f"RUNTIME_DIRECTORY=%t/{NAME}" in check["Environment"][0].split()
    assert Path("/var/lib", *check["StateDirectory"]) == places.state_directory()


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_every_verb_exists(unit: Path) -> None:
    found = settings(unit)
    lines = [*found["ExecStart"], *found["ExecStopPost"]]
    verbs = [line.split()[1] for line in lines if line.lstrip("-").startswith(COMMAND)]
    assert set(verbs) <= set(VERBS)
    if unit.stem != "ser-edge-again":
        assert verbs


def test_a_wrong_configuration_is_not_tried_again(service: dict[str, list[str]]) -> None:
    assert service["RestartPreventExitStatus"] == [str(EXIT_CONFIG)]
    again = settings(UNITS / "ser-edge-again.service")
    assert f'"$$MONITOR_EXIT_STATUS" != {EXIT_CONFIG} ] || exit 0' in again["ExecStart"][0]


def test_the_limits_of_restarting_can_be_reached(service: dict[str, list[str]]) -> None:
    """A unit whose starts are further apart than the interval allows is restarted for ever."""
    starts = int(service["StartLimitBurst"][0])
    interval_s = seconds(service["StartLimitIntervalSec"][0])
    quickest_s = seconds(service["RestartSec"][0])
    by_watchdog_s = seconds(service["WatchdogSec"][0]) + seconds(service["TimeoutAbortSec"][0])
    assert starts * (quickest_s + by_watchdog_s) < interval_s


def test_the_watchdog_is_fed_in_time(service: dict[str, list[str]]) -> None:
    """The program has many looks at its microphone within one period of the watchdog."""
    assert seconds(service["WatchdogSec"][0]) > 3 * Config().audio.dead_fault_s


def test_it_waits_for_nothing(service: dict[str, list[str]]) -> None:
    assert service["After"] == ["sound.target"]
    for key in ("Requires", "Wants", "BindsTo", "Requisite"):
        assert key not in service


def test_groups_that_may_be_missing_are_not_named(service: dict[str, list[str]]) -> None:
    assert "SupplementaryGroups" not in service
    installer = (REPOSITORY / "firmware_config/install/machine.sh").read_text(encoding="utf-8")
    assert "for group in audio gpio; do" in installer


def test_every_timer_has_its_service() -> None:
    timers = list(UNITS.glob("*.timer"))
    assert timers
    assert all(timer.with_suffix(".service") in SERVICES for timer in timers)
