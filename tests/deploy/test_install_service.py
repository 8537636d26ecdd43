"""What the installer starts, leaves alone and takes back, with a systemctl that does as it is told.

Real systemd is in `script/test-container`.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.support import REPOSITORY

EARS, DELIVER, PAGE = "ser-edge.service", "ser-edge-deliver.service", "ser-edge-dashboard.service"
BACK: Final = 75

# The part of the installer that is tried, with a systemctl that is a few lines.
PROGRAM = """\
set -euo pipefail
doing=install switched=yes dry_run='' prefix='' start=yes built='' work=$1 source_dir=$2
former=$FORMER release=$RELEASE files_changed='' units_changed=$UNITS_CHANGED
read -ra new_units <<<"$NEW"
replaced=()
n_changes=0
source "$2/firmware_config/install/words.sh"
source "$2/firmware_config/install/service.sh"
has_systemd() { true; }
put_back_files() { echo "put back the files"; }
switch_links_back() { echo "put back the links"; }
journalctl() { true; }
sleep() { true; }
timeout() { shift; "$@"; }
systemctl() {
    local unit
    case "$*" in
        "is-active ser-edge"*)
            for unit in "${@:2}"; do cat "$work/$unit"; done ;;
        restart*)
            echo "restart ${*:2}"
            for unit in "${@:2}"; do
                if [[ " $BROKEN " == *" $unit "* ]] && [ ! -e "$work/back" ]; then
                    echo failed >"$work/$unit"
                else
                    echo active >"$work/$unit"
                fi
            done
            [ "$(cat "$work/$EARS")" != failed ] || [[ $* != *" $EARS"* ]] ;;
        "--quiet disable --now"*) echo "take away ${*: -1}" ;;
        daemon-reload) [ $# -eq 1 ] && [ ! -e "$work/began" ] || : >"$work/back"
            : >"$work/began" ;;
    esac
}
make_service_run
"""


@dataclass(kw_only=True)
class Update:
    """What was there, and what comes."""

    states: dict[str, str]
    new: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    former: str = "old"
    release: str = "new"
    said: list[str] = field(default_factory=list)
    code: int = -1

    def run(self, folder: Path) -> Update:
        for unit, state in self.states.items():
            (folder / unit).write_text(f"{state}\n")
        finished = subprocess.run(
            ["/bin/bash", "-c", PROGRAM, "installer", str(folder), str(REPOSITORY)],
            env={
                "PATH": "/usr/bin:/bin",
                "EARS": EARS,
                "FORMER": self.former,
                "RELEASE": self.release,
                "NEW": " ".join(self.new),
                "UNITS_CHANGED": "yes" if self.new else "",
                "BROKEN": " ".join(self.broken),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        self.code, self.said = finished.returncode, finished.stdout.splitlines()
        return self

    @property
    def restarted(self) -> list[str]:
        return [line.removeprefix("restart ") for line in self.said if line.startswith("restart ")]


def all_of(state: str, **more: str) -> dict[str, str]:
    return dict.fromkeys((EARS, DELIVER, PAGE), state) | more


def test_an_update_starts_all_that_ran(tmp_path: Path) -> None:
    update = Update(states=all_of("active")).run(tmp_path)
    assert (update.code, update.restarted) == (0, [f"{EARS} {DELIVER} {PAGE}"])


def test_nothing_new_starts_nothing(tmp_path: Path) -> None:
    update = Update(states=all_of("active"), release="old").run(tmp_path)
    assert (update.code, update.said) == (0, [])


def test_the_first_installation_starts_the_ears_and_then_what_is_beside(tmp_path: Path) -> None:
    new = (EARS, DELIVER, PAGE)
    update = Update(states=all_of("inactive"), former="", new=new).run(tmp_path)
    assert (update.code, update.restarted) == (0, [EARS, f"{DELIVER} {PAGE}"])


def test_an_update_of_a_version_that_had_neither_adds_both(tmp_path: Path) -> None:
    states = all_of("inactive") | {EARS: "active"}
    update = Update(states=states, new=(DELIVER, PAGE)).run(tmp_path)
    assert (update.code, update.restarted) == (0, [EARS, f"{DELIVER} {PAGE}"])


@pytest.mark.parametrize("stopped", [EARS, DELIVER, PAGE])
def test_what_was_stopped_stays_so(stopped: str, tmp_path: Path) -> None:
    update = Update(states=all_of("active") | {stopped: "inactive"}).run(tmp_path)
    assert update.code == 0
    assert stopped not in " ".join(update.restarted).split()
    assert len(update.restarted[0].split()) == 2
    assert len([line for line in update.said if line.endswith("is stopped, and stays so")]) == 1


@pytest.mark.parametrize("broken", [EARS, DELIVER, PAGE])
def test_what_ran_and_does_not_any_more_takes_the_update_back(broken: str, tmp_path: Path) -> None:
    update = Update(states=all_of("active"), broken=(broken,)).run(tmp_path)
    assert update.code == BACK
    assert "put back the files" in update.said
    assert "put back the links" in update.said
    assert update.restarted == [f"{EARS} {DELIVER} {PAGE}"] * 2
    assert update.said[-1] == "install: the former installation runs again, as it was"


def test_what_is_new_and_does_not_run_is_said_and_takes_nothing_back(tmp_path: Path) -> None:
    states = all_of("inactive") | {EARS: "active"}
    update = Update(states=states, new=(DELIVER, PAGE), broken=(PAGE,)).run(tmp_path)
    assert update.code == 0
    assert "put back the files" not in update.said
    assert any(
        "not all of ser-edge-deliver ser-edge-dashboard runs" in line for line in update.said
    )


def test_new_units_of_an_update_that_is_taken_back_go_with_it(tmp_path: Path) -> None:
    states = all_of("inactive") | {EARS: "active"}
    update = Update(states=states, new=(DELIVER, PAGE), broken=(EARS,)).run(tmp_path)
    assert update.code == BACK
    assert [line for line in update.said if line.startswith("take away")] == [
        f"take away {DELIVER}",
        f"take away {PAGE}",
    ]
    assert update.restarted == [EARS, EARS]


def test_what_failed_before_is_started_and_takes_nothing_back(tmp_path: Path) -> None:
    """As a page whose port is taken, before the update and after it."""
    update = Update(states=all_of("active") | {PAGE: "activating"}, broken=(PAGE,)).run(tmp_path)
    assert (update.code, update.restarted) == (0, [f"{EARS} {DELIVER}", PAGE])


def test_ears_that_failed_before_and_still_do_are_said(tmp_path: Path) -> None:
    update = Update(states=all_of("active") | {EARS: "failed"}, broken=(EARS,)).run(tmp_path)
    assert update.code == 1
    assert "failed before, and still does" in update.said[-1]
