"""The installer below a folder, with a Python and a pip that do as they are told.

What real systemd, pip and sshd make of it, `script/test-container` shows.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config.places import NAME, SERVICE_USER, Places
from tests.deploy.fake_machine import DEFAULT, Machine
from tests.support import REPOSITORY, need

INSTALLER = REPOSITORY / "firmware_config" / "install.sh"

BESIDE = ("ser-edge-deliver.service", "ser-edge-dashboard.service")
FAILURES = {
    "venv": "no space left",
    "pip": "no matching distribution",
    "import": "no libportaudio",
    "selftest": "golden mismatch",
    "config": "unknown key",
}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    need(shutil.which("flock"), "flock (Debian: util-linux)")
    made = Machine(tmp_path)
    made.clone()
    return made


def test_a_dry_run_announces_what_happens_and_changes_nothing(machine: Machine) -> None:
    announced = machine.installed("--dry-run")
    assert machine.files() == {}
    said = machine.installed()
    stamp = re.compile(r"\d{8}T\d{6}Z\+*")
    changes = [stamp.sub("", line.replace("would ", "")) for line in announced if "would " in line]
    done = [stamp.sub("", line) for line in said]
    assert [line for line in changes[:-1] if line not in done] == []
    assert f"install: done, with {len(changes) - 1} changes" in done


def test_what_lies_where(machine: Machine) -> None:
    machine.installed()
    files = machine.files()
    places = Places(environ={}, is_system=True)
    assert files["etc/ser-edge/config.toml"] == (REPOSITORY / DEFAULT).read_text()
    assert files["usr/local/bin/ser-edge"] == "-> /opt/ser-edge/current/bin/ser-edge"
    assert files["opt/ser-edge/current"] == f"-> releases/{machine.releases[0]}"
    assert (machine.root / places.state_directory().relative_to("/")).is_dir()
    for unit in (REPOSITORY / "systemd").iterdir():
        assert files[f"etc/systemd/system/{unit.name}"] == unit.read_text()
    rule = REPOSITORY / "firmware_config/udev/60-ser-edge-gpio.rules"
    assert files[f"etc/udev/rules.d/{rule.name}"] == rule.read_text()
    for keys in ("allowed_signers", "authorized_keys"):
        lines = files[f"etc/ser-edge/{keys}"].splitlines()
        assert lines
        assert all(line.startswith("#") for line in lines)


def test_secrets_have_a_folder_that_the_service_alone_may_read() -> None:
    text = (INSTALLER.parent / "install/machine.sh").read_text()
    assert "readonly secrets=$etc/secrets\n" in text
    assert 'install -d -o root -g "$user" -m 2750 "$secrets"' in text


def test_secrets_are_never_touched(machine: Machine) -> None:
    machine.installed()
    secret = machine.config.parent / "secrets/family"
    secret.write_text("of the owner\n")
    secret.chmod(0o640)
    machine.change_source()
    machine.installed()
    machine.installed("--uninstall", "--yes")
    assert secret.read_text() == "of the owner\n"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o640
    machine.installed("--uninstall", "--purge", "--yes")
    assert not secret.exists()


def test_an_older_installation_gets_the_units_that_it_had_not(machine: Machine) -> None:
    kept = {name: machine.source / "systemd" / name for name in BESIDE}
    texts = {name: path.read_text() for name, path in kept.items()}
    for path in kept.values():
        path.unlink()
    machine.installed()
    for name, path in kept.items():
        path.write_text(texts[name])
    said = machine.installed()
    for name in BESIDE:
        assert f"install: install the unit {name}" in said
        assert f"install: have {name} started at every boot" in said
        assert machine.files()[f"etc/systemd/system/{name}"] == texts[name]
    assert not [line for line in said if "ser-edge.service" in line]


def test_everything_that_the_care_needs_is_installed_and_tried() -> None:
    text = (INSTALLER.parent / "install/release.sh").read_text()
    assert re.search(r"^readonly EXTRAS=pi,care$", text, re.MULTILINE)
    assert text.count("[$EXTRAS]") == 2
    container = (REPOSITORY / "script/test-container").read_text()
    assert "readonly EXTRAS=pi,care " in container
    setup = (REPOSITORY / "setup.py").read_text()
    care = re.search(r"^CARE = \[\n(.*?)\]", setup, re.MULTILINE | re.DOTALL)
    assert care
    distributions = re.findall(r'"([\w-]+)', care[1])
    modules = {"paho-mqtt": "paho.mqtt.client"}
    tried = re.search(r"-c 'import (flask[^']*)'", text)
    assert tried
    assert tried[1].split(", ") == [modules.get(name, name) for name in distributions]


def test_names_are_those_of_the_program(machine: Machine) -> None:
    text = (INSTALLER.parent / "install/machine.sh").read_text()
    assert f"readonly user={SERVICE_USER}\n" in text
    assert f"readonly etc=$prefix/etc/{NAME}\n" in text
    drop_in = (INSTALLER.parent / "sshd/ser-edge.conf").read_text()
    assert f"Match User {SERVICE_USER}\n" in drop_in
    assert f"AuthorizedKeysFile /etc/{NAME}/authorized_keys\n" in drop_in


def test_the_second_time_nothing_is_changed(machine: Machine) -> None:
    machine.installed()
    before = machine.files()
    assert machine.installed() == [
        "install: no sshd is here, so models cannot be pushed; with one, run this program again",
        "install: everything was in place already: nothing was changed",
    ]
    assert machine.files() == before


@pytest.mark.parametrize("step", FAILURES)
def test_a_failure_leaves_the_old_installation(machine: Machine, step: str) -> None:
    machine.installed()
    before = machine.files()
    machine.change_source()
    machine.change_source("systemd/ser-edge.service")
    machine.change_source(str(DEFAULT))
    finished = machine.run(FAIL=step)
    assert finished.returncode == 1
    assert FAILURES[step] in finished.stderr
    assert finished.stderr.endswith("install: the installation that was there is as it was\n")
    assert machine.files() == before


@pytest.mark.parametrize("step", sorted(set(FAILURES) - {"config"}))
def test_a_failure_of_the_first_installation_installs_nothing(machine: Machine, step: str) -> None:
    finished = machine.run(FAIL=step)
    assert finished.returncode == 1
    assert finished.stderr.endswith("install: nothing was installed\n")
    assert [name for name in machine.files() if not name.startswith(("users", "groups"))] == []


@pytest.fixture
def hangs_up() -> Iterator[None]:
    """Let SIGHUP end what is started here, also in a run under nohup, which has it ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangs_up")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_update_leaves_the_old_installation(
    machine: Machine, number: signal.Signals
) -> None:
    machine.installed()
    before = machine.files()
    machine.change_source()
    with subprocess.Popen(
        machine.command(),
        env=machine.environment(FAIL="hang"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 30
        while len(machine.releases) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, number)  # as a terminal does: to all of them
        process.communicate()
    assert process.returncode == 130
    assert machine.files() == before


def test_what_a_power_cut_left_half_built_is_removed(machine: Machine) -> None:
    machine.installed()
    half = machine.root / "opt/ser-edge/releases/0.0.9-20260101T000000Z"
    (half / "bin").mkdir(parents=True)
    assert any("remove the old release 0.0.9" in line for line in machine.installed())
    assert machine.releases == [machine.current]


def test_an_update_keeps_the_release_before(machine: Machine) -> None:
    before = []
    for _ in range(4):
        machine.change_source()
        machine.installed()
        before.append(machine.current)
    assert machine.releases == sorted(before[-2:])
    previous = (machine.root / "opt/ser-edge/previous").resolve().name
    assert previous == before[-2]


def test_rebuild_makes_it_anew(machine: Machine) -> None:
    machine.installed()
    before = machine.current
    machine.installed("--rebuild")
    assert machine.current != before


def test_a_broken_environment_is_built_anew(machine: Machine) -> None:
    machine.installed()
    before = machine.current
    (machine.root / "opt/ser-edge/current/bin/python").unlink()
    machine.installed()
    assert machine.current != before


@pytest.mark.parametrize(
    ("edited", "default_changes", "expected", "beside"),
    [
        (False, False, "old default", None),
        (False, True, "new default", None),
        (True, False, "edited", None),
        (True, True, "edited", "new default"),
    ],
)
def test_the_configuration_is_the_owners(
    machine: Machine, edited: bool, default_changes: bool, expected: str, beside: str | None
) -> None:
    machine.installed()
    texts = {"old default": machine.config.read_text()}
    if edited:
        machine.config.write_text(texts["old default"] + "# mine\n")
    texts["edited"] = machine.config.read_text()
    if default_changes:
        machine.change_source(str(DEFAULT))
    texts["new default"] = (machine.source / DEFAULT).read_text()
    machine.change_source()
    machine.installed()
    assert machine.config.read_text() == texts[expected]
    new = machine.config.with_name("config.toml.new")
    assert (new.read_text() if new.exists() else None) == (beside and texts[beside])


def test_keys_are_never_touched(machine: Machine) -> None:
    machine.installed()
    for keys in ("allowed_signers", "authorized_keys"):
        (machine.root / "etc/ser-edge" / keys).write_text(f"{keys} of the owner\n")
    machine.change_source()
    machine.installed()
    for keys in ("allowed_signers", "authorized_keys"):
        assert (machine.root / "etc/ser-edge" / keys).read_text() == f"{keys} of the owner\n"


def test_units_that_are_gone_are_removed_and_only_ours(machine: Machine) -> None:
    machine.installed()
    units = machine.root / "etc/systemd/system"
    (machine.source / "systemd/ser-edge-again.service").unlink()
    theirs = {"ser-edge-sdcard.service", "another.service", "ser-edges.service"}
    for name in theirs:
        (units / name).write_text("[Unit]\n")
    machine.installed()
    left = {path.name for path in units.iterdir()}
    assert left == theirs | {path.name for path in (machine.source / "systemd").iterdir()}


@pytest.mark.parametrize(
    ("options", "environment", "words"),
    [
        ([], {"VERSION": "3.10"}, "Python 3.10, and 3.11, 3.12 or 3.13 is needed"),
        ([], {"BITS": "32", "VERSION": "3.13"}, "for which no TFLite runtime exists"),
        ([], {"FREE_MB": "100"}, "only 100 MB are free"),
        ([], {"USER_ID": "1000"}, "only root can do that: sudo"),
        (["--source", "/"], {}, "/ is no clone of speech-emotion-edge"),
        (["--wheels", "/"], {}, "/ holds neither setuptools nor speech_emotion_edge"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(
    machine: Machine, options: list[str], environment: dict[str, str], words: str
) -> None:
    finished = machine.run(*options, **environment)
    assert finished.returncode == 1
    assert words in finished.stderr.splitlines()[0]
    assert machine.files() == {}


@pytest.mark.parametrize(
    "options",
    [("--force",), ("--wheels",), ("--wheels", "/nowhere"), ("--purge",), ("--yes",), ("extra",)],
)
def test_a_wrong_command_line_is_a_usage_error(machine: Machine, options: tuple[str, ...]) -> None:
    finished = machine.run(*options)
    assert finished.returncode == 2
    assert finished.stderr.startswith("install: ")
    assert machine.files() == {}


def test_missing_packages_are_named_when_apt_fails(machine: Machine) -> None:
    (machine.root.parent / "bin/dpkg-query").write_text("#!/bin/bash\nexit 1\n")
    finished = machine.run()
    assert finished.returncode == 1
    assert "libportaudio2" in finished.stdout
    assert "install them beforehand" in finished.stderr


@pytest.mark.parametrize(
    ("options", "keeps_data"),
    [((), True), (("--yes",), True), (("--purge",), True), (("--purge", "--yes"), False)],
)
def test_uninstalling_removes_data_only_when_told_twice(
    machine: Machine, options: tuple[str, ...], keeps_data: bool
) -> None:
    machine.installed()
    log = machine.root / "var/lib/ser-edge/log.db"
    log.write_text("rows")
    machine.installed("--uninstall", *options)
    left = set(machine.files())
    assert not [name for name in left if name.startswith(("opt/", "usr/", "etc/systemd"))]
    assert ("var/lib/ser-edge/log.db" in left) == keeps_data
    assert ("etc/ser-edge/config.toml" in left) == keeps_data
    assert ("users" in left) == keeps_data


def test_a_dry_run_of_the_uninstallation_changes_nothing(machine: Machine) -> None:
    machine.installed()
    before = machine.files()
    said = machine.installed("--uninstall", "--purge", "--dry-run")
    assert "install: would remove " + str(machine.root / "opt/ser-edge") in said
    assert machine.files() == before


def test_data_that_was_kept_is_taken_over(machine: Machine) -> None:
    machine.installed()
    machine.config.write_text("[log]\nretention_days = 30\n")
    machine.installed("--uninstall", "--yes")
    machine.installed()
    assert machine.config.read_text() == "[log]\nretention_days = 30\n"


def test_help_is_the_head_of_the_file() -> None:
    finished = subprocess.run([INSTALLER, "--help"], capture_output=True, text=True, check=False)
    assert finished.returncode == 0
    for option in ("--dry-run", "--uninstall", "--wheels", "--source", "--firmware", "--purge"):
        assert option in finished.stdout
