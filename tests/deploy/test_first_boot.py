"""A fresh card: what prepare_card.py writes onto it, and what the Pi makes of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support import REPOSITORY, need

FOLDER = REPOSITORY / "firmware_config" / "cloud-init"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAE8iLCv74T34QB/bhS3Zqz0xIqFYOUNpz1qRSqQHyXW anna@desk"
CALL = "bash /boot/firmware/ser-edge/first-boot.sh --later"
# As Raspberry Pi Imager leaves a card of Bookworm.
FIRSTRUN = """#!/bin/bash
set +e
/usr/lib/raspberrypi-sys-mods/imager_custom set_hostname bedroom
rm -f /boot/firstrun.sh
sed -i 's| systemd.run.*||g' /boot/cmdline.txt
exit 0
"""
IMAGERS_USER_DATA = "#cloud-config\nhostname: bedroom\nusers:\n- name: anna\n"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """Return the boot partition of a card that was just written."""
    boot = tmp_path / "bootfs"
    boot.mkdir()
    (boot / "config.txt").write_text("dtparam=audio=on\n", encoding="utf-8")
    (tmp_path / "id.pub").write_text(f"{KEY}\n", encoding="utf-8")
    return boot


@pytest.fixture
def trixie(card: Path) -> Path:
    for name in ("user-data", "network-config", "meta-data"):
        (card / name).write_text("#cloud-config\n# examples\n", encoding="utf-8")
    return card


def prepare(card: Path, *arguments: str | Path, **variables: str) -> str:
    """Prepare the card; return the complaint, or nothing."""
    finished = subprocess.run(
        [sys.executable, FOLDER / "prepare_card.py", card, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in finished.stderr
    assert (finished.returncode == 0) == (not finished.stderr), finished.stderr
    return finished.stderr


def own(card: Path) -> list[str | Path]:
    return ["--hostname", "ser-room", "--ssh-key", card.parent / "id.pub"]


def text_of(card: Path, name: str) -> str:
    return (card / name).read_text(encoding="utf-8")


def value_of(text: str, key: str) -> str:
    """Return a value in double quotes, as YAML and JSON alike read it."""
    line = next(line for line in text.splitlines() if line.strip(" -").startswith(f"{key}:"))
    return json.loads(line.split(": ", 1)[1])


def schema_of(user_data: Path) -> str:
    need(shutil.which("cloud-init"), "cloud-init (Debian package cloud-init)")
    finished = subprocess.run(
        ["cloud-init", "schema", "--config-file", user_data],
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.stdout + finished.stderr


# --- files of our own, for cloud-init -----------------------------------------------------------


def test_the_template_itself_is_valid() -> None:
    assert "Valid" in schema_of(FOLDER / "user-data")


def test_a_filled_in_card_is_valid(trixie: Path) -> None:
    assert not prepare(trixie, *own(trixie))
    assert "Valid" in schema_of(trixie / "user-data")
    assert value_of(text_of(trixie, "user-data"), "hostname") == "ser-room"
    assert KEY in text_of(trixie, "user-data")
    assert not any("@" in line for line in _without_comments(text_of(trixie, "meta-data")))


def _without_comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


@pytest.mark.parametrize(
    ("name", "password"), [("Home", "secret"), ('Caf\u00e9: "x"', '\\a"b: #c')]
)
def test_any_wifi_reaches_yaml_as_it_is(trixie: Path, name: str, password: str) -> None:
    options = ["--wifi", name, "--wifi-country", "DE"]
    assert not prepare(trixie, *own(trixie), *options, SER_WIFI_PASSWORD=password)
    text = text_of(trixie, "network-config")
    assert value_of(text, "password") == password
    assert value_of(text, "regulatory-domain") == "DE"
    assert f"        {json.dumps(name)}:" in text.splitlines()


def test_without_wifi_no_placeholder_is_left(trixie: Path) -> None:
    assert not prepare(trixie, *own(trixie))
    assert "wifis" not in text_of(trixie, "network-config")
    assert "eth0" in text_of(trixie, "network-config")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--hostname", "ser_room"], "--hostname"),
        (["--hostname", "ok", "--user", "Anna B"], "--user"),
        (["--hostname", "ok", "--wifi", "Home"], "--wifi-country"),
        (["--hostname", "ok", "--config", "nowhere.toml"], "nowhere.toml"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    trixie: Path, options: list[str], complaint: str
) -> None:
    before = text_of(trixie, "user-data")
    said = prepare(trixie, "--ssh-key", trixie.parent / "id.pub", *options)
    assert complaint in said
    assert text_of(trixie, "user-data") == before


def test_a_private_key_never_gets_onto_the_card(trixie: Path) -> None:
    secret = trixie.parent / "id"
    secret.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n", encoding="utf-8")
    assert ".pub" in prepare(trixie, "--hostname", "ok", "--ssh-key", secret)
    assert "PRIVATE" not in "".join(
        path.read_text(encoding="utf-8") for path in trixie.iterdir() if path.is_file()
    )


def test_a_folder_that_is_no_card_is_left_alone(tmp_path: Path) -> None:
    assert "config.txt" in prepare(tmp_path)
    assert not list(tmp_path.iterdir())


# --- what Raspberry Pi Imager has prepared ------------------------------------------------------


def test_imagers_script_calls_the_installer_before_it_goes(card: Path) -> None:
    (card / "firstrun.sh").write_text(FIRSTRUN, encoding="utf-8")
    assert not prepare(card)
    lines = text_of(card, "firstrun.sh").splitlines()
    assert lines.index(CALL) < lines.index("rm -f /boot/firstrun.sh")
    assert [line for line in lines if line != CALL] == FIRSTRUN.splitlines()


@pytest.mark.parametrize("runcmd", ["", "runcmd:\n- [ls]\n"])
def test_imagers_user_data_gets_one_more_command(card: Path, runcmd: str) -> None:
    (card / "user-data").write_text(IMAGERS_USER_DATA + runcmd, encoding="utf-8")
    assert not prepare(card)
    text = text_of(card, "user-data")
    assert text.count("runcmd:") == 1
    assert json.dumps(CALL.split()) in text.partition("runcmd:")[2]


def test_a_runcmd_with_entries_stays_valid(card: Path) -> None:
    user_data = card / "user-data"
    user_data.write_text(f"{IMAGERS_USER_DATA}runcmd:\n  - [ls]\n", encoding="utf-8")
    assert not prepare(card)
    assert "Valid" in schema_of(user_data)


@pytest.mark.parametrize("name", ["firstrun.sh", "user-data"])
def test_the_second_time_the_call_is_there_already(card: Path, name: str) -> None:
    text = FIRSTRUN if name == "firstrun.sh" else IMAGERS_USER_DATA
    (card / name).write_text(text, encoding="utf-8")
    assert not prepare(card)
    once = text_of(card, name)
    assert not prepare(card)
    assert text_of(card, name) == once


def test_a_card_that_nobody_could_log_in_to_is_refused(trixie: Path) -> None:
    assert "Imager" in prepare(trixie)


def test_bookworm_is_sent_to_the_imager(card: Path) -> None:
    assert "Imager" in prepare(card, *own(card))


# --- on the Pi ----------------------------------------------------------------------------------


def test_the_project_on_the_card_is_whole_and_clean(trixie: Path) -> None:
    assert not prepare(trixie, *own(trixie))
    with tarfile.open(trixie / "ser-edge" / "source.tar.gz") as archive:
        names = archive.getnames()
        owners = {entry.uname for entry in archive}
    assert {"setup.py", "edge/config/default.toml", "firmware_config/install.sh"} <= set(names)
    assert "firmware_config/apply-firmware.sh" in names
    assert not [name for name in names if "__pycache__" in name]
    assert owners == {"root"}


def first_boot(card: Path, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", card / "ser-edge" / "first-boot.sh", *arguments],
        env={**os.environ, "SER_FIRST_BOOT_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def stubbed(trixie: Path, tmp_path: Path) -> Path:
    """Return a card whose installer only writes down how it was called."""
    folder = trixie / "ser-edge"
    folder.mkdir()
    for name in ("first-boot.sh", "ser-edge-first-boot.service"):
        shutil.copy(FOLDER / name, folder)
    (folder / "wheels").mkdir()
    installer = tmp_path / "install.sh"
    installer.write_text(
        '#!/bin/sh\necho "called with $*"\ntest ! -e "$0.fails"\n', encoding="utf-8"
    )
    installer.chmod(0o755)
    with tarfile.open(folder / "source.tar.gz", "w:gz") as archive:
        archive.add(installer, "firmware_config/install.sh")
    return trixie


def test_later_is_a_unit_that_stays_until_it_has_succeeded(stubbed: Path, tmp_path: Path) -> None:
    need(shutil.which("systemctl"), "systemctl (Debian package systemd)")
    finished = first_boot(stubbed, tmp_path / "root", "--later")
    assert finished.returncode == 0, finished.stderr
    units = tmp_path / "root" / "etc" / "systemd" / "system"
    assert (units / "multi-user.target.wants" / "ser-edge-first-boot.service").is_symlink()
    assert (units / "ser-edge-first-boot.service").read_text(encoding="utf-8") == text_of(
        FOLDER, "ser-edge-first-boot.service"
    )


def test_now_installs_what_is_on_the_card_and_says_so_there(stubbed: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (stubbed / "ser-edge" / "config.toml").write_text("[audio]\n", encoding="utf-8")
    finished = first_boot(stubbed, root)
    assert finished.returncode == 0, finished.stderr
    log = text_of(stubbed, "ser-edge/first-boot.log")
    assert f"called with --wheels {stubbed}/ser-edge/wheels" in log
    assert "first-boot: done at " in log
    assert (root / "etc" / "ser-edge" / "config.toml").read_text(encoding="utf-8") == "[audio]\n"
    assert (root / "var" / "lib" / "ser-edge-first-boot.done").exists()


def test_the_owners_configuration_on_the_pi_is_not_replaced(stubbed: Path, tmp_path: Path) -> None:
    kept = tmp_path / "root" / "etc" / "ser-edge" / "config.toml"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine\n", encoding="utf-8")
    (stubbed / "ser-edge" / "config.toml").write_text("[audio]\n", encoding="utf-8")
    assert first_boot(stubbed, tmp_path / "root").returncode == 0
    assert kept.read_text(encoding="utf-8") == "mine\n"


def test_an_installation_that_fails_is_tried_again(stubbed: Path, tmp_path: Path) -> None:
    failing = tmp_path / "install.sh"
    failing.write_text("#!/bin/sh\necho no network\nexit 1\n", encoding="utf-8")
    with tarfile.open(stubbed / "ser-edge" / "source.tar.gz", "w:gz") as archive:
        archive.add(failing, "firmware_config/install.sh")
    assert first_boot(stubbed, tmp_path / "root").returncode != 0
    assert "no network" in text_of(stubbed, "ser-edge/first-boot.log")
    assert not (tmp_path / "root" / "var" / "lib" / "ser-edge-first-boot.done").exists()
