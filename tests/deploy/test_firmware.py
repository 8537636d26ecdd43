"""The Pi's own settings: apply-firmware.sh on an image, and each file before its real reader."""

from __future__ import annotations

import ctypes
import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.config.settings import PanelConfig
from tests.support import REPOSITORY, need

FIRMWARE = REPOSITORY / "firmware_config"
SCRIPT = FIRMWARE / "apply-firmware.sh"
CONFIG_TXT = "dtparam=audio=on\n[cm5]\ndtoverlay=dwc2,dr_mode=host\n"
CMDLINE = "console=tty1 root=PARTUUID=1234 rootwait\n"
SWAP_FILE_UNIT = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return the part of a Raspberry Pi OS that apply-firmware.sh looks at."""
    root = tmp_path / "image"
    (root / "boot" / "firmware").mkdir(parents=True)
    (root / "boot" / "firmware" / "config.txt").write_text(CONFIG_TXT, encoding="utf-8")
    (root / "boot" / "firmware" / "cmdline.txt").write_text(CMDLINE, encoding="utf-8")
    return root


def apply(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    need(shutil.which("systemctl"), "systemctl (Debian package systemd)")
    return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False)


def applied(image: Path, *arguments: str) -> list[str]:
    """Apply, and return the lines that it said."""
    finished = apply("--root", image, *arguments)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()


def files_of(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def boot_file(image: Path, name: str) -> str:
    return (image / "boot" / "firmware" / name).read_text(encoding="utf-8")


# --- apply, apply again, take away --------------------------------------------------------------


def test_a_dry_run_says_everything_and_changes_nothing(image: Path) -> None:
    before = files_of(image)
    said = applied(image, "--dry-run")
    assert files_of(image) == before
    assert f"firmware: would edit {image}/boot/firmware/config.txt" in said
    changes = [line for line in said if line.startswith("firmware: would ")]
    assert said[-1] == f"firmware: {len(changes)} changes"


def test_what_a_dry_run_announces_is_what_happens(image: Path) -> None:
    announced = [line.replace("would ", "") for line in applied(image, "--dry-run")]
    assert applied(image) == announced


def test_the_second_time_nothing_is_left_to_do(image: Path) -> None:
    applied(image)
    before = files_of(image)
    assert applied(image) == ["firmware: no change"]
    assert files_of(image) == before


def test_removed_it_leaves_the_boot_files_as_they_were(image: Path) -> None:
    before = files_of(image)
    applied(image, "--microphone", "0d8c:0014")
    applied(image, "--remove")
    left = {name: text for name, text in files_of(image).items() if "/backups/" not in name}
    assert left == before
    assert applied(image, "--remove") == ["firmware: no change"]


def test_what_is_edited_is_copied_first(image: Path) -> None:
    applied(image)
    backups = image / "var" / "backups" / "ser-edge-firmware"
    assert (backups / "config.txt").read_text(encoding="utf-8") == CONFIG_TXT
    assert (backups / "cmdline.txt").read_text(encoding="utf-8") == CMDLINE


def test_the_owners_own_lines_stay_when_the_block_is_made_anew(image: Path) -> None:
    applied(image)
    config = image / "boot" / "firmware" / "config.txt"
    edited = boot_file(image, "config.txt").replace("gpio=17=op,dl", "gpio=17=op,dh")
    config.write_text(edited + "dtoverlay=my-hat\n", encoding="utf-8")
    applied(image)
    lines = boot_file(image, "config.txt").splitlines()
    assert "dtoverlay=my-hat" in lines
    assert "gpio=17=op,dl" in lines
    assert "gpio=17=op,dh" not in lines
    assert lines.count("[all]") == 1


def test_the_block_holds_for_every_model_of_the_pi(image: Path) -> None:
    applied(image)
    lines = boot_file(image, "config.txt").splitlines()
    assert lines[lines.index("[all]") + 1 :]
    assert not [line for line in lines[lines.index("[all]") + 1 :] if line.startswith("[")]


def test_a_word_that_was_in_the_command_line_is_left_there(image: Path) -> None:
    line = "console=tty1 cgroup_enable=memory rootwait\n"
    (image / "boot" / "firmware" / "cmdline.txt").write_text(line, encoding="utf-8")
    applied(image)
    assert boot_file(image, "cmdline.txt") == line
    applied(image, "--remove")
    assert boot_file(image, "cmdline.txt") == line


def test_the_command_line_stays_one_line(image: Path) -> None:
    applied(image)
    assert boot_file(image, "cmdline.txt") == CMDLINE.replace("\n", " cgroup_enable=memory\n")


def test_on_another_machine_only_the_boot_part_is_left_out(tmp_path: Path) -> None:
    said = applied(tmp_path / "pc")
    assert any("this is no Raspberry Pi" in line for line in said)
    assert (tmp_path / "pc/etc/udev/rules.d/60-ser-edge-gpio.rules").is_file()


def test_bookworms_swap_file_is_switched_off_and_on_again(image: Path) -> None:
    units = image / "usr" / "lib" / "systemd" / "system"
    units.mkdir(parents=True)
    (units / "dphys-swapfile.service").write_text(SWAP_FILE_UNIT, encoding="utf-8")
    wants = image / "etc/systemd/system/multi-user.target.wants/dphys-swapfile.service"
    wants.parent.mkdir(parents=True)
    wants.symlink_to("/usr/lib/systemd/system/dphys-swapfile.service")
    applied(image)
    assert not wants.is_symlink()
    applied(image, "--remove")
    assert wants.is_symlink()


@pytest.mark.parametrize("has_rpi_swap", [True, False])
def test_trixies_swap_is_told_only_where_it_is(image: Path, has_rpi_swap: bool) -> None:
    if has_rpi_swap:
        (image / "etc" / "rpi").mkdir(parents=True)
        (image / "etc" / "rpi" / "swap.conf").touch()
    applied(image)
    assert (image / "etc/rpi/swap.conf.d/50-ser-edge.conf").exists() == has_rpi_swap


def test_the_owners_capture_level_is_not_replaced(image: Path) -> None:
    applied(image)
    settings = image / "etc" / "default" / "ser-edge-mixer"
    settings.write_text("CAPTURE_PERCENT=40\n", encoding="utf-8")
    assert applied(image) == ["firmware: no change"]


# --- the microphone -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "compared"),
    [
        ("0D8C:0014", 'ATTRS{idVendor}=="0d8c", ATTRS{idProduct}=="0014"'),
        ("0d8c:0014:A-1", 'ATTRS{idProduct}=="0014", ATTRS{serial}=="A-1"'),
        ("port:1-1.2.4", 'KERNELS=="1-1.2.4"'),
    ],
)
def test_a_microphone_is_named_by_what_it_is_or_where(
    image: Path, named: str, compared: str
) -> None:
    applied(image, "--microphone", named)
    rule = (image / "etc/udev/rules.d/85-ser-edge-microphone.rules").read_text(encoding="utf-8")
    assert f'{compared}, ATTR{{id}}="SerMic"' in rule.splitlines()[-1]
    assert "@" not in rule.splitlines()[-1]


@pytest.mark.parametrize("named", ["Device", "0d8c", "0d8c:14", 'port:1-1", RUN+="x', "port:"])
def test_what_is_no_microphone_is_refused_before_anything_is_changed(
    image: Path, named: str
) -> None:
    before = files_of(image)
    finished = apply("--root", image, "--microphone", named)
    assert finished.returncode == 2
    assert "--list-microphones" in finished.stderr
    assert files_of(image) == before


def test_microphones_are_listed_as_the_option_wants_them(tmp_path: Path) -> None:
    device = tmp_path / "sys/devices/usb1/1-1/1-1.2"
    (device / "1-1.2:1.0" / "sound" / "card1").mkdir(parents=True)
    for name, text in {"idVendor": "0d8c", "idProduct": "0014", "product": "USB Audio"}.items():
        (device / name).write_text(f"{text}\n", encoding="utf-8")
    card = device / "1-1.2:1.0" / "sound" / "card1"
    (card / "id").write_text("Device\n", encoding="utf-8")
    (card / "device").symlink_to(device / "1-1.2:1.0")
    (tmp_path / "sys" / "class" / "sound").mkdir(parents=True)
    (tmp_path / "sys" / "class" / "sound" / "card1").symlink_to(card)
    finished = apply("--root", tmp_path, "--list-microphones")
    assert finished.stdout == "0d8c:0014  port:1-1.2  card Device  USB Audio\n"


DONGLE = r"""
P: /devices/platform/usb1/1-1
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device

P: /devices/platform/usb1/1-1/1-1.2
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
A: idVendor=0d8c\n
A: idProduct=0014\n

P: /devices/platform/usb1/1-1/1-1.2/1-1.2:1.0
E: SUBSYSTEM=usb
E: DEVTYPE=usb_interface

P: /devices/platform/usb1/1-1/1-1.2/1-1.2:1.0/sound/card1
E: SUBSYSTEM=sound
A: id=Device\n

P: /devices/platform/usb1/1-1/1-1.2/1-1.2:1.0/sound/card1/controlC1
E: SUBSYSTEM=sound
E: DEVNAME=/dev/snd/controlC1

P: /devices/platform/soc/gpiochip0
E: SUBSYSTEM=gpio
E: DEVNAME=/dev/gpiochip0
E: MAJOR=254
E: MINOR=0
N: gpiochip0
"""
CARD = "/devices/platform/usb1/1-1/1-1.2/1-1.2:1.0/sound/card1"
# Shows udev our rules, a group gpio and a dongle, and asks what it would do with them.
UDEV = """
mount --bind rules /etc/udev/rules.d && mount --bind group /etc/group &&
    mount -t tmpfs t /run && mount -t tmpfs t /dev/char
exec umockdev-run --device dongle.umockdev -- sh -c '
    for path in "$@"; do udevadm test "$path" 2>&1; done; cat /sys$1/id' sh "$@"
"""


def udev_says(folder: Path, *paths: str) -> str:
    """Let the real udev handle these devices by our rules; nothing of this machine is touched."""
    need(shutil.which("umockdev-run"), "umockdev-run (Debian package umockdev)")
    need(shutil.which("udevadm") and Path("/etc/udev/rules.d").is_dir(), "udev (package udev)")
    need(os.geteuid() == 0, "root, for a mount namespace")
    (folder / "dongle.umockdev").write_text(DONGLE.lstrip(), encoding="utf-8")
    groups = Path("/etc/group").read_text(encoding="utf-8")
    (folder / "group").write_text(groups + "gpio:x:997:\n", encoding="utf-8")
    command = ["unshare", "--mount", "sh", "-c", UDEV, "sh", *paths]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("0d8c:0014", "SerMic"),
        ("port:1-1.2", "SerMic"),
        ("0d8c:0015", "Device"),
        ("0d8c:0014:none", "Device"),
        ("port:1-1", "SerMic"),  # a hub's port holds for what hangs on it
        ("port:1-1.3", "Device"),
    ],
)
def test_udev_gives_the_card_its_name(
    image: Path, tmp_path: Path, named: str, expected: str
) -> None:
    applied(image, "--microphone", named)
    (tmp_path / "rules").symlink_to(image / "etc/udev/rules.d")
    said = udev_says(tmp_path, CARD)
    assert said.splitlines()[-1] == expected


def test_udev_starts_the_mixer_and_gives_the_pins_to_their_group(
    image: Path, tmp_path: Path
) -> None:
    applied(image)
    (tmp_path / "rules").symlink_to(image / "etc/udev/rules.d")
    said = udev_says(tmp_path, CARD, f"{CARD}/controlC1", "/devices/platform/soc/gpiochip0")
    assert "SYSTEMD_WANTS=ser-edge-mixer@1.service" in said
    assert "GROUP 997" in said
    assert "MODE 0660" in said
    complaints = re.findall(r"ser-edge\S*\.rules:\d+ (?!ATTR|GROUP|MODE|RUN).*", said)
    assert not complaints


# --- the mixer ----------------------------------------------------------------------------------

# A dongle with what is usual on one, as `amixer` prints it; it writes down what it is told.
AMIXER = r"""#!/bin/sh
[ "$1" = -q ] && shift
[ "$2" = 1 ] || { echo "Invalid card number" >&2; exit 1; }
case $3 in
    scontrols) for name in Speaker Mic 'Auto Gain Control'; do
        echo "Simple mixer control '$name',0"; done ;;
    sget) case $4 in
        Speaker) echo '  Capabilities: pvolume pswitch pswitch-joined' ;;
        Mic) echo '  Capabilities: pvolume cvolume cvolume-joined pswitch cswitch cswitch-joined' ;;
        *) echo '  Capabilities: pswitch pswitch-joined' ;;
        esac ;;
    sset) shift 3; echo "$*" >>"$(dirname "$0")/told" ;;
esac
"""


def run_mixer(folder: Path, card: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", FIRMWARE / "alsa" / "ser-edge-mixer", card],
        env={"PATH": f"{folder}:/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def dongle(tmp_path: Path) -> Path:
    amixer = tmp_path / "amixer"
    amixer.write_text(AMIXER, encoding="utf-8")
    amixer.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(("variables", "percent"), [({}, 80), ({"CAPTURE_PERCENT": "35"}, 35)])
def test_the_mixer_sets_what_captures_and_nothing_else(
    dongle: Path, variables: dict[str, str], percent: int
) -> None:
    finished = run_mixer(dongle, "1", **variables)
    assert finished.returncode == 0, finished.stderr
    assert (dongle / "told").read_text(encoding="utf-8").splitlines() == [
        f"Mic capture {percent}%",
        "Mic cap",
        "Auto Gain Control off",
    ]


def test_a_card_that_is_gone_again_is_one_sentence(dongle: Path) -> None:
    finished = run_mixer(dongle, "7")
    assert finished.returncode == 1
    assert finished.stdout == "ser-edge-mixer: card 7: there is no such card\n"


# --- each file before its reader ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["sdcard/ser-edge-sdcard.service", "alsa/ser-edge-mixer@.service"])
def test_systemd_has_nothing_to_say_about_the_units(name: str, tmp_path: Path) -> None:
    need(shutil.which("systemd-analyze"), "systemd-analyze (Debian package systemd)")
    text = (FIRMWARE / name).read_text(encoding="utf-8")
    unit = tmp_path / Path(name).name
    # The program lies where it lies only once it is installed.
    unit.write_text(text.replace("/usr/local/lib/ser-edge/", f"{FIRMWARE}/alsa/"), encoding="utf-8")
    finished = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    about_it = [line for line in finished.stderr.splitlines() if "ser-edge" in line]
    assert not about_it


@pytest.mark.parametrize(
    ("name", "manual"),
    [("journald/50-ser-edge.conf", "journald.conf"), ("watchdog/50-ser-edge.conf", "system.conf")],
)
def test_systemd_knows_the_settings(name: str, manual: str) -> None:
    folders = (Path("/etc/systemd"), Path("/usr/lib/systemd"))
    known = next((folder / manual for folder in folders if (folder / manual).is_file()), None)
    need(known, f"{manual} with its settings (Debian package systemd)")
    assert known
    names = set(re.findall(r"^#?(\w+)=", known.read_text(encoding="utf-8"), re.MULTILINE))
    ours = settings_of(FIRMWARE / name)
    assert ours
    assert not ours.keys() - names


def settings_of(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {
        key.strip(): value.strip()
        for line in lines
        if "=" in line and not line.startswith("#")
        for key, value in [line.split("=", 1)]
    }


def test_the_kernel_knows_its_settings() -> None:
    ours = settings_of(FIRMWARE / "sdcard" / "50-ser-edge.conf")
    assert ours
    for key, value in ours.items():
        assert int(value) >= 0
        assert Path("/proc/sys", *key.split(".")).exists(), key


def test_alsa_reads_the_microphones_name() -> None:
    try:
        alsa = ctypes.CDLL("libasound.so.2")
    except OSError:
        need(condition=False, reason="libasound.so.2 (it comes with PortAudio)")
        return
    top, source, found = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    path = str(FIRMWARE / "alsa" / "60-ser-edge.conf").encode()
    assert alsa.snd_config_top(ctypes.byref(top)) == 0
    assert alsa.snd_input_stdio_open(ctypes.byref(source), path, b"r") == 0
    assert alsa.snd_config_load(top, source) == 0
    word = ctypes.c_char_p()
    for key, expected in {
        b"pcm.ser_microphone.type": b"plug",
        b"pcm.ser_microphone.slave.pcm.type": b"hw",
        b"pcm.ser_microphone.slave.pcm.card": b"SerMic",
        b"ctl.ser_microphone.card": b"SerMic",
    }.items():
        assert alsa.snd_config_search(top, key, ctypes.byref(found)) == 0, key
        assert alsa.snd_config_get_string(found, ctypes.byref(word)) == 0
        assert word.value == expected
    alsa.snd_input_close(source)
    alsa.snd_config_delete(top)


# --- the pins at boot ---------------------------------------------------------------------------


PULLED_UP = "gpio=16=ip,pu"  # the button


def gpio_lines(panel: PanelConfig) -> list[str]:
    return runpy.run_path(str(FIRMWARE / "boot" / "gpio_lines.py"))["lines"](panel)


def settings_in(lines: list[str]) -> set[str]:
    return {line for text in lines for line in text.splitlines() if not line.startswith("#")}


@pytest.mark.parametrize(
    ("panel", "expected"),
    [
        (PanelConfig(kind="none"), set()),
        (
            PanelConfig(kind="rgb", button_pin=None),
            {f"gpio={pin}=op,dl" for pin in (17, 27, 22, 13, 26, 12)},
        ),
        (
            PanelConfig(leds={"sad": 4}, active_high=False, status_pin=None, buzzer_pin=None),
            {"gpio=4=op,dh", "gpio=26=op,dh", "gpio=16=ip,pu"},
        ),
        (PanelConfig(leds={}, status_pin=None, buzzer_pin=None, listening_pin=None), {PULLED_UP}),
    ],
)
def test_only_pins_in_use_are_set_and_each_to_dark(panel: PanelConfig, expected: set[str]) -> None:
    assert settings_in(gpio_lines(panel)) == expected


def test_the_lines_come_from_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[panel]\nleds = { sad = 4 }\nbutton_pin = 20\n", encoding="utf-8")
    finished = run_gpio_lines(config)
    assert finished.returncode == 0, finished.stderr
    assert "# LED sad\ngpio=4=op,dl\n" in finished.stdout
    assert "gpio=20=ip,pu" in finished.stdout


def test_a_wrong_configuration_gives_no_line_at_all(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[panel]\nbutton_pin = 99\n", encoding="utf-8")
    finished = run_gpio_lines(config)
    assert (finished.returncode, finished.stdout) == (78, "")
    assert "button_pin" in finished.stderr


def run_gpio_lines(config: Path) -> subprocess.CompletedProcess[str]:
    import sys

    return subprocess.run(
        [sys.executable, FIRMWARE / "boot" / "gpio_lines.py"],
        env={**os.environ, "SER_EDGE_CONFIG": str(config), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
