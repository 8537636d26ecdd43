"""script/setup on machines where something is missing: one sentence, and the right exit code."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import REPOSITORY

# All that script/setup calls before it installs anything.
PROGRAMS = ("bash", "cat", "cut", "dirname", "getconf", "grep", "mktemp", "rm", "sha256sum")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Return a PATH of one folder, with the few programs that every machine has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in PROGRAMS:
        (folder / program).symlink_to(shutil.which(program))
    return folder


def add(machine: Path, program: str, *, body: str) -> None:
    path = machine / program
    path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def set_up(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(machine / "bash"), str(REPOSITORY / "script" / "setup"), *arguments],
        env={"PATH": str(machine), "HOME": str(machine), "TMPDIR": str(machine)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_root_and_sudo_it_names_the_command(machine: Path) -> None:
    add(machine, "apt-get", body="exit 99")
    add(machine, "id", body="echo 1000")
    finished = set_up(machine, "packages", "no-such-package", "nor-this")
    assert finished.returncode == 1
    assert finished.stderr == (
        "setup: these system packages are missing; as root, run: "
        "apt-get install no-such-package nor-this\n"
    )


def test_without_root_it_uses_sudo(machine: Path) -> None:
    add(machine, "apt-get", body="exit 99")
    add(machine, "id", body="echo 1000")
    add(machine, "sudo", body=f'echo "$@" >>{machine}/commands')
    finished = set_up(machine, "packages", "no-such-package")
    assert finished.returncode == 0, finished.stderr
    update, install = (machine / "commands").read_text(encoding="utf-8").splitlines()
    assert update == "apt-get update -qq"
    assert install.startswith("env DEBIAN_FRONTEND=noninteractive apt-get install -y ")
    assert install.endswith(" no-such-package")


def test_on_another_distribution_it_says_what_is_missing(machine: Path) -> None:
    finished = set_up(machine, "packages", "no-such-package")
    assert finished.returncode == 1
    assert "this is not Debian" in finished.stderr
    assert "no-such-package" in finished.stderr


def test_when_apt_fails_its_last_words_are_shown(machine: Path) -> None:
    add(machine, "apt-get", body="echo E: no such mirror; exit 100")
    add(machine, "id", body="echo 0")
    (machine / "env").symlink_to(shutil.which("env"))
    (machine / "tail").symlink_to(shutil.which("tail"))
    finished = set_up(machine, "packages", "no-such-package")
    assert finished.returncode == 1
    assert "E: no such mirror" in finished.stderr


def test_installed_packages_need_no_root(machine: Path) -> None:
    add(machine, "dpkg-query", body="echo install ok installed")
    finished = set_up(machine, "packages", "one", "two")
    assert (finished.returncode, finished.stderr) == (0, "")


def test_a_32_bit_system_is_refused(machine: Path) -> None:
    (machine / "getconf").unlink()
    add(machine, "getconf", body="echo 32")
    finished = set_up(machine, "run")
    assert finished.returncode == 1
    assert "32-bit" in finished.stderr


@pytest.mark.parametrize("arguments", [(), ("everything",)])
def test_an_unknown_purpose_is_a_usage_error(machine: Path, arguments: tuple[str, ...]) -> None:
    finished = set_up(machine, *arguments)
    assert finished.returncode == 2
    assert "run, test, newest, oldest or packages" in finished.stderr
