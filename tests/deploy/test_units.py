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
NETWORKED = [UNITS / "ser-edge-deliver.service", UNITS / "ser-edge-dashboard.service"]
SECLUDED = [unit for unit in SERVICES if unit not in NETWORKED]
MOST_EXPOSURE = 1.5
MOST_EXPOSURE_WITH_NETWORK = 1.1
"""The network's are 1.0 of it: that there is one 0.5, its addresses 0.3, no list of them 0.2."""
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
    most = MOST_EXPOSURE_WITH_NETWORK if unit in NETWORKED else MOST_EXPOSURE
    assert not is_exposed_above(most, unit)


def test_more_would_be_noticed() -> None:
    assert is_exposed_above(MOST_EXPOSURE_WITH_NETWORK - 0.1, NETWORKED[0])


def test_the_guide_promises_no_less_exposure_than_there_is() -> None:
    guide = (REPOSITORY / "docs/install.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(ser-edge[\w-]*)\.\w+` \|.*\| ([\d.]+) \|$", guide, re.MULTILINE)
    assert {name for name, _ in rows} == {unit.stem for unit in SERVICES}
    for name, exposure in rows:
        assert not is_exposed_above(float(exposure), UNITS / f"{name}.service"), name


def is_exposed_above(limit: float, unit: Path) -> bool:
    threshold = f"--threshold={round(10 * limit)}"
    return analyze("security", "--offline=true", threshold, str(unit)).returncode != 0


def test_exactly_microphones_and_pins_are_open(service: dict[str, list[str]]) -> None:
    assert service["DevicePolicy"] == ["closed"]
    assert sorted(service["DeviceAllow"]) == ["char-alsa rw", "char-gpiochip rw"]
    assert "PrivateDevices" not in service
    assert "ProcSubset" not in service  # gpiozero reads /proc/cpuinfo and /proc/device-tree


@pytest.mark.parametrize("unit", SECLUDED, ids=lambda unit: unit.stem)
def test_nobody_else_has_a_network(unit: Path) -> None:
    found = settings(unit)
    assert found["PrivateNetwork"] == ["yes"]
    assert found["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert found["IPAddressDeny"] == ["any"]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_nobody_has_a_privilege(unit: Path) -> None:
    found = settings(unit)
    assert found["CapabilityBoundingSet"] == [""]
    assert found["NoNewPrivileges"] == ["yes"]


@pytest.mark.parametrize("unit", NETWORKED, ids=lambda unit: unit.stem)
def test_whoever_has_a_network_has_no_device_and_cannot_hurt_the_ears(unit: Path) -> None:
    found, ears = settings(unit), settings(UNITS / "ser-edge.service")
    assert found["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"]
    assert found["PrivateDevices"] == ["yes"]
    assert found["User"] == [SERVICE_USER]
    assert found["StateDirectory"] == ears["StateDirectory"]
    assert "RuntimeDirectory" not in found, "systemd would take the ears' folder away with it"
    assert f"RUNTIME_DIRECTORY=%t/{NAME}" in found["Environment"][0].split()
    assert int(found["CPUWeight"][0]) < int(ears["CPUWeight"][0])
    assert int(found["OOMScoreAdjust"][0]) > int(ears["OOMScoreAdjust"][0])
    for key in ("MemoryMax", "TasksMax", "RestartSec"):
        assert found[key], key


@pytest.mark.parametrize("unit", NETWORKED, ids=lambda unit: unit.stem)
def test_it_neither_needs_the_ears_nor_waits_for_them_and_is_never_given_up(unit: Path) -> None:
    found = settings(unit)
    assert found["After"] == ["network.target"]
    for key in ("Before", "Requires", "Wants", "BindsTo", "PartOf", "Conflicts", "Upholds"):
        assert key not in found
    assert found["Restart"] == ["always"]
    assert found["StartLimitIntervalSec"] == ["0"]
    assert "RestartPreventExitStatus" not in found
    assert found["WantedBy"] == ["multi-user.target"]


@pytest.mark.parametrize("name", ["ser-edge", "ser-edge-selftest"])
def test_the_ears_know_no_secret(name: str) -> None:
    assert settings(UNITS / f"{name}.service")["InaccessiblePaths"] == [f"-/etc/{NAME}/secrets"]


def test_one_reload_reaches_whoever_reads_the_same_settings(
    service: dict[str, list[str]],
) -> None:
    assert service["PropagatesReloadTo"] == ["ser-edge-deliver.service"]
    assert settings(NETWORKED[0])["ExecReload"] == service["ExecReload"]


def test_what_delivers_cannot_change_the_models() -> None:
    assert settings(NETWORKED[0])["ReadOnlyPaths"] == [f"-/var/lib/{NAME}/models"]


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
