"""The Ansible role and playbooks, with Ansible itself; a Pi is played by a sandbox over this root.

In the sandbox everything is real but the project's installer and systemctl, which only write down
how they were called. A run with the real ones, on a booted system: script/test-container.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import REPOSITORY, need

FOLDER = REPOSITORY / "firmware_config" / "ansible"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAE8iLCv74T34QB/bhS3Zqz0xIqFYOUNpz1qRSqQHyXW anna"


def tool(name: str) -> str:
    """Return the path of a program of Ansible's, of this environment or the system."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    need(found, f"{name} (ansible-core and ansible-lint, extra dev)")
    return str(found)


def ansible_environment(tmp_path: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "HOME": str(tmp_path),
        "ANSIBLE_CONFIG": str(FOLDER / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "PATH": f"{Path(tool('ansible-playbook')).parent}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
    }


def recap(output: str, host: str) -> dict[str, int]:
    """Return the counts of one host at the end of a run."""
    line = re.findall(rf"^{host} +: (ok=.*)$", output, re.MULTILINE)
    assert line, output
    return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", line[-1])}


# --- as files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("playbook", ["site.yml", "push.yml"])
def test_playbooks_are_understood(playbook: str, tmp_path: Path) -> None:
    finished = subprocess.run(
        [
            *(tool("ansible-playbook"), "--syntax-check"),
            *("-i", FOLDER / "inventory.example.yml", FOLDER / playbook),
        ],
        env=ansible_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


def test_ansible_lint_has_nothing_to_say(tmp_path: Path) -> None:
    finished = subprocess.run(
        [tool("ansible-lint"), "--offline", "--nocolor", "--profile", "production", "--strict"],
        cwd=FOLDER,
        env=ansible_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


# --- a model is pushed --------------------------------------------------------------------------

# In the place of `ser-trainer`: writes down how it was called, answers as that host would.
TRAINER = """#!/bin/sh
echo "$*" >>"$(dirname "$0")/calls"
for word; do case $word in ser-edge@*) host=$word ;; esac; done
case $host in
    *bad) outcome='rolled back' rc=75; echo "it went back" >&2 ;;
    *same) outcome=unchanged ;;
    *) outcome=changed ;;
esac
echo '{"hosts": [{"host": "x", "outcome": "'"$outcome"'"}]}'
exit ${rc:-0}
"""


def push(tmp_path: Path, hosts: list[str], *options: str, **more: object) -> tuple[str, list[str]]:
    """Run push.yml; return its output, and how `ser-trainer` was called."""
    trainer = tmp_path / "ser-trainer"
    trainer.write_text(TRAINER, encoding="utf-8")
    trainer.chmod(0o755)
    inventory = {"ser_edge": {"hosts": dict.fromkeys(hosts, more)}}
    (tmp_path / "hosts.yml").write_text(json.dumps(inventory), encoding="utf-8")
    finished = subprocess.run(
        [
            *(tool("ansible-playbook"), "-i", tmp_path / "hosts.yml", FOLDER / "push.yml"),
            *("-e", f"ser_trainer={trainer}", "-e", "model=room.tflite", *options),
        ],
        env=ansible_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    calls = tmp_path / "calls"
    said = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
    return finished.stdout + finished.stderr, said


def test_each_pi_is_pushed_to_by_its_name(tmp_path: Path) -> None:
    output, calls = push(tmp_path, ["one", "same"])
    assert sorted(calls) == [f"push room.tflite ser-edge@{name} --json" for name in ("one", "same")]
    assert recap(output, "one")["changed"] == 1
    assert recap(output, "same")["changed"] == 0


def test_a_pi_may_have_an_address_and_a_port(tmp_path: Path) -> None:
    _, calls = push(tmp_path, ["one"], ansible_host="192.0.2.7", ansible_port=2222)
    assert calls == ["push room.tflite ser-edge@192.0.2.7 --json -o Port=2222"]


def test_a_canary_that_fails_saves_the_others(tmp_path: Path) -> None:
    output, calls = push(tmp_path, ["bad", "two", "three", "four"])
    assert len(calls) == 1
    assert "it went back" in output
    assert recap(output, "bad")["failed"] == 1


def test_check_only_asks(tmp_path: Path) -> None:
    output, calls = push(tmp_path, ["one"], "--check")
    assert calls == ["push --check ser-edge@one --json"]
    assert recap(output, "one")["failed"] == 0


# --- the role, in a sandbox ---------------------------------------------------------------------

# This root below, a tmpfs above: what Ansible changes, it changes there and nowhere else.
SANDBOX = """set -e
mkdir -p upper root
mount -t tmpfs sandbox upper
mkdir upper/files upper/work
mount -t overlay sandbox -o lowerdir=/,upperdir=upper/files,workdir=upper/work root
mount -t proc proc root/proc
mount --rbind /dev root/dev
mount -t tmpfs run root/run
rm -rf root/etc/ser-edge root/usr/local/src/speech-emotion-edge root/usr/local/bin/ser-edge
export PATH="$PWD/bin:$PATH"
exec chroot root /bin/sh -e "$PWD/commands"
"""
INSTALLER = """#!/bin/sh
for word; do [ "$word" != --dry-run ] || dry=yes; done
if [ -e /etc/ser-edge/installed ]; then
    echo "install: everything was in place already: nothing was changed"
elif [ -n "$dry" ]; then
    echo "install: 3 changes would be made; none was"
else
    mkdir -p /etc/ser-edge && touch /etc/ser-edge/installed /etc/ser-edge/config.toml
    groupadd -f ser-edge && mkdir -p /etc/ser-edge/secrets
    ln -s @PROGRAM@ /usr/local/bin/ser-edge
    echo "install: done, with 3 changes"
fi
"""
# Enough of it for Ansible's module of services; what it is told to do is kept.
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/run/systemctl
# What is about files alone needs no running systemd.
case "$*" in *--root=*) exec /usr/bin/systemctl "$@" ;; esac
case $1 in
    show) printf 'LoadState=loaded\\nActiveState=active\\nId=ser-edge.service\\n' ;;
    is-enabled) case $2 in ser-edge*.service) echo enabled ;; *) exit 1 ;; esac ;;
    is-active) echo active ;;
esac
"""
SETTINGS = {
    "audio": {"device": "plughw:CARD=SerMic,DEV=0", "dead_fault_s": 4.5},
    "panel": {"kind": "rgb", "rgb": [5, 6, 19], "leds": {"sad": 17, "uncertain": 20}, "pwm": False},
    "gate": {"non_voice_veto": "none"},
    "alert": [
        {
            "name": 'a "b" \u00fc \\ #',
            "when": ["angry", "sad"],
            "buzzer": "none",
            "escalate": [{"after_s": 120, "notify": ["all"], "buzzer": "long"}, {"after_s": 600}],
        }
    ],
}
SECRET = 'pass "word" #1'


def variables(**more: object) -> str:
    # "false", a word, as `-e ser_edge_must_hear=false` gives it.
    return json.dumps({"ser_edge_must_hear": "false", **more})


class Pi:
    """A sandbox for one test: commands in it one after the other, each with its output."""

    def __init__(self, tmp_path: Path) -> None:
        need(os.geteuid() == 0, "root, for a sandbox of mounts")
        need(shutil.which("unshare"), "unshare (Debian package util-linux)")
        self.folder = tmp_path
        self._project()
        (tmp_path / "bin").mkdir()
        self._program(tmp_path / "bin" / "systemctl", SYSTEMCTL)
        inventory = {
            "ser_edge": {
                "hosts": {
                    "pi": {
                        "ansible_connection": "local",
                        "ansible_python_interpreter": sys.executable,
                    }
                }
            }
        }
        (tmp_path / "hosts.yml").write_text(json.dumps(inventory), encoding="utf-8")

    def _program(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def _project(self) -> None:
        """Lay a repository with the parts that the role packs, and an installer of straw."""
        project = self.folder / "project"
        for name in ("edge", "trainer", "systemd"):
            (project / name).mkdir(parents=True)
            (project / name / "file").touch()
        shutil.copytree(REPOSITORY / "firmware_config", project / "firmware_config")
        program = Path(sys.executable).with_name("ser-edge")
        need(program.exists(), "ser-edge, installed by script/setup")
        self._program(
            project / "firmware_config" / "install.sh",
            INSTALLER.replace("@PROGRAM@", str(program)),
        )
        for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
            (project / name).touch()
        self.commit()

    def commit(self) -> None:
        name = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        for command in (["init", "-q"], ["add", "-A"], [*name, "commit", "-q", "-m", "x"]):
            subprocess.run(["git", *command], cwd=self.folder / "project", check=True)

    def site(self, *options: str, **more: object) -> str:
        """Return a command line that runs the playbook."""
        given = variables(ser_edge_project=str(self.folder / "project"), **more)
        path = self.folder / f"variables-{len(list(self.folder.glob('variables-*')))}.json"
        path.write_text(given, encoding="utf-8")
        playbook = self.folder / "project" / "firmware_config" / "ansible" / "site.yml"
        return (
            f"ansible-playbook -i {self.folder}/hosts.yml {playbook} -e @{path} {' '.join(options)}"
        )

    def run(self, *commands: str) -> list[str]:
        """Run the commands in a new sandbox; return what each printed, with its exit code last."""
        lines = "\n".join(
            f"echo ===; rc=0; ( {command} ) 2>&1 || rc=$?; echo exit $rc" for command in commands
        )
        (self.folder / "commands").write_text(lines, encoding="utf-8")
        finished = subprocess.run(
            ["unshare", "--mount", "sh", "-c", SANDBOX],
            cwd=self.folder,
            env=ansible_environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
        )
        parts = finished.stdout.split("===\n")[1:]
        need(
            parts or "overlay" not in finished.stderr,
            "a kernel that lays an overlay over this root",
        )
        assert len(parts) == len(commands), finished.stdout + finished.stderr
        return parts


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    return Pi(tmp_path)


def test_the_second_run_changes_nothing(pi: Pi) -> None:
    given = {
        "ser_edge_settings": SETTINGS,
        "ser_edge_signers": [f'anna@desk namespaces="ser-edge-model" {PUBLIC_KEY}'],
        "ser_edge_push_keys": [PUBLIC_KEY],
        "ser_edge_secrets": {"broker": SECRET},
    }
    check, first, second, config, keys, told, secret = pi.run(
        pi.site("--check", **given),
        pi.site(**given),
        pi.site(**given),
        "/usr/local/bin/ser-edge check-config --config /etc/ser-edge/config.toml --json",
        "cat /etc/ser-edge/authorized_keys",
        "cat /run/systemctl",
        "cd /etc/ser-edge/secrets && stat -c '%a %U %G' broker && cat broker",
    )
    assert recap(check, "pi")["failed"] == 0, check
    assert recap(first, "pi")["failed"] == 0, first
    assert recap(first, "pi")["changed"] >= 5
    assert (recap(second, "pi")["failed"], recap(second, "pi")["changed"]) == (0, 0), second
    assert f'restrict,command="/usr/local/bin/ser-edge model receive" {PUBLIC_KEY}' in keys
    # Reloaded, not restarted: restarts are the installer's.
    assert "reload ser-edge.service" in told
    assert "restart ser-edge.service" not in told
    assert "restart ser-edge-dashboard.service" in told
    assert secret.splitlines()[:2] == ["640 root ser-edge", SECRET]
    assert SECRET not in check + first + second
    settings = json.loads(config.splitlines()[0])["settings"]
    assert settings["audio.dead_fault_s"]["value"] == 4.5
    assert settings["panel.leds"]["value"] == SETTINGS["panel"]["leds"]
    assert settings["panel.rgb"]["value"] == [5, 6, 19]
    assert settings["alert[0].escalate"]["value"][0]["after_s"] == 120
    assert settings["alert[0].name"]["value"] == SETTINGS["alert"][0]["name"]


def test_a_wrong_configuration_and_a_check_leave_the_right_one(pi: Pi) -> None:
    right = {"alert": [], "audio": {"block_ms": 30}}
    first, refused, check, config = pi.run(
        pi.site(ser_edge_settings=right),
        pi.site(ser_edge_settings={"audio": {"block_ms": 3000}}),
        pi.site("--check", "--diff", ser_edge_settings={"audio": {"block_ms": 40}}),
        "/usr/local/bin/ser-edge check-config --config /etc/ser-edge/config.toml --json",
    )
    assert recap(first, "pi")["failed"] == 0, first
    assert recap(refused, "pi")["failed"] == 1
    assert "audio.block_ms" in refused
    assert recap(check, "pi")["failed"] == 0, check
    assert recap(check, "pi")["changed"] >= 1
    assert "+block_ms = 40" in check
    settings = json.loads(config.splitlines()[0])["settings"]
    assert settings["audio.block_ms"]["value"] == 30
    # An empty list of rules is said as such: no alarm at all, not the default one.
    assert not [name for name in settings if name.startswith("alert")]


def test_the_role_refuses_what_is_of_another_kind(pi: Pi) -> None:
    (said,) = pi.run(pi.site(ser_edge_firmware="perhaps"))
    assert recap(said, "pi")["failed"] == 1
    assert "ser_edge_firmware" in said
