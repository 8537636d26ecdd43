"""One pin, one name, one path: the same in the code, the guides, the picture, rules and units."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from edge.config.places import NAME, SERVICE_USER, Places
from edge.config.settings import PanelConfig
from tests.support import REPOSITORY

FIRMWARE = REPOSITORY / "firmware_config"
DOCS = REPOSITORY / "docs"
SYSTEM = Places(environ={}, is_system=True)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def header() -> dict[str, object]:
    return runpy.run_path(str(FIRMWARE / "wiring" / "header.py"))


def wanted_pins(panel: PanelConfig) -> dict[str, int]:
    """Return the pins of the row of LEDs and what is beside it, by the part's name."""
    pins = {f"LED {name}": pin for name, pin in panel.leds.items()}
    assert panel.status_pin is not None
    assert panel.listening_pin is not None
    assert panel.buzzer_pin is not None
    assert panel.button_pin is not None
    beside = {
        "status LED": panel.status_pin,
        "listening LED": panel.listening_pin,
        "buzzer": panel.buzzer_pin,
        "button": panel.button_pin,
    }
    return pins | beside


# --- pins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", [0xA02082, 0xC03112, 0xD04170, 0x902120])
def test_the_header_is_that_of_a_pi(revision: int) -> None:
    """gpiozero has the data of the real boards: 3B, 4B, 5 and Zero 2 W."""
    board = pytest.importorskip("gpiozero.pins.pi", reason="gpiozero")
    pins = board.PiBoardInfo.from_revision(revision).headers["J8"].pins
    assert [pins[number].name for number in range(1, 41)] == list(header()["HEADER"])


def test_the_guide_names_every_pin_with_its_place() -> None:
    rows = re.findall(
        r"^\| ([\w ]+?) \| GPIO(\d+) \| (\d+) \| `([\w.\[\]]+)` \|",
        text_of(DOCS / "wiring.md"),
        re.MULTILINE,
    )
    place = header()["place"]
    guide = {part: int(pin) for part, pin, _, _ in rows if not part.startswith("RGB")}
    assert guide == wanted_pins(PanelConfig())
    rgb = tuple(int(pin) for part, pin, _, _ in rows if part.startswith("RGB"))
    assert rgb == PanelConfig().rgb
    for part, pin, number, setting in rows:
        assert place(int(pin)) == int(number), part
        assert _value(setting) == int(pin), setting


def _value(setting: str) -> int:
    """Return the default of a setting of [panel] that the guide names: `leds.calm`, `rgb[0]`."""
    panel = PanelConfig()
    if setting.startswith("leds."):
        return panel.leds[setting.removeprefix("leds.")]
    if match := re.fullmatch(r"rgb\[(\d)\]", setting):
        return panel.rgb[int(match[1])]
    return getattr(panel, setting)


def test_the_guide_names_every_ground() -> None:
    grounds = [str(i) for i, name in enumerate(header()["HEADER"], 1) if name == "GND"]
    assert f"| ground | GND | {', '.join(grounds)} |" in text_of(DOCS / "wiring.md")


def test_the_picture_is_what_the_script_draws() -> None:
    drawn = runpy.run_path(str(FIRMWARE / "wiring" / "draw.py"))["picture"](PanelConfig())
    assert text_of(DOCS / "wiring.svg") == drawn, "run python firmware_config/wiring/draw.py"


def test_the_picture_shows_each_part_beside_its_pin() -> None:
    """Read as a person reads it: what stands in one row belongs together."""
    svg = "{http://www.w3.org/2000/svg}"
    rows: dict[tuple[bool, float], set[str]] = {}
    for element in ET.fromstring(text_of(DOCS / "wiring.svg")).iter(f"{svg}text"):
        if "pin" not in element.get("class", "").split():
            side = float(element.get("x", "0")) < 450
            rows.setdefault((side, float(element.get("y", "0"))), set()).add(element.text or "")
    for part, pin in wanted_pins(PanelConfig()).items():
        row = next(words for words in rows.values() if f"GPIO{pin}" in words)
        assert part.removeprefix("LED ") in row


def test_the_boot_loader_sets_exactly_the_default_pins() -> None:
    lines = runpy.run_path(str(FIRMWARE / "boot" / "gpio_lines.py"))["lines"](PanelConfig())
    fragment = text_of(FIRMWARE / "boot" / "config.txt.fragment")
    after_heading = fragment[fragment.index("# pins:") :].partition("\n")[2]
    assert after_heading.splitlines() == "\n".join(lines).splitlines()
    outputs = {int(pin) for pin in re.findall(r"^gpio=(\d+)=op,dl$", fragment, re.MULTILINE)}
    pins = wanted_pins(PanelConfig())
    assert outputs == set(pins.values()) - {pins["button"]}


# --- names and paths ----------------------------------------------------------------------------

PLACES = {
    "/etc/ser-edge": ["install/machine.sh", "sshd/ser-edge.conf", "cloud-init/first-boot.sh"],
    "/var/lib/ser-edge": ["install/machine.sh"],
    "/usr/local/bin/ser-edge": ["install/machine.sh", "sshd/ser-edge.conf"],
    "/opt/ser-edge": ["install/machine.sh", "apply-firmware.sh"],
}


@pytest.mark.parametrize("place", PLACES)
def test_places_are_the_same_everywhere(place: str) -> None:
    for name in PLACES[place]:
        assert place in text_of(FIRMWARE / name), name


def test_the_programs_own_places_are_those() -> None:
    assert SYSTEM.state_directory() == Path("/var/lib/ser-edge")
    assert SYSTEM.runtime_directory() == Path("/run/ser-edge")
    assert SERVICE_USER == NAME == "ser-edge"


def test_the_role_has_the_same_places() -> None:
    role = FIRMWARE / "ansible" / "roles" / "ser_edge"
    variables = text_of(role / "vars" / "main.yml")
    assert "ser_edge_command: /usr/local/bin/ser-edge\n" in variables
    assert "ser_edge_folder: /etc/ser-edge\n" in variables
    tasks = "".join(text_of(path) for path in (role / "tasks").glob("*.yml"))
    assert {"config.toml", "allowed_signers", "authorized_keys"} <= set(
        re.findall(r"[\w.]+", tasks)
    )
    named = set(re.findall(r"name: (ser-edge\S*\.service)", tasks))
    units = {path.name for path in (REPOSITORY / "systemd").glob("*.service")}
    assert named == units - {"ser-edge-again.service", "ser-edge-selftest.service"}


def test_the_user_is_the_same_everywhere() -> None:
    unit = text_of(REPOSITORY / "systemd" / "ser-edge.service")
    assert f"\nUser={SERVICE_USER}\n" in unit
    assert f"\nStateDirectory={NAME}\n" in unit
    assert f"\nRuntimeDirectory={NAME}\n" in unit
    assert f"Match User {SERVICE_USER}\n" in text_of(FIRMWARE / "sshd" / "ser-edge.conf")
    assert f"readonly user={SERVICE_USER}\n" in text_of(FIRMWARE / "install" / "machine.sh")
    assert f"'{SERVICE_USER}@' ~" in text_of(FIRMWARE / "ansible" / "push.yml")


def test_a_key_for_pushes_may_do_the_same_by_hand_and_by_ansible(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from edge.cli.main import main

    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAE8iLCv74T34QB/bhS3Zqz0xIqFYOUNpz1qRSqQHyXW anna"
    (tmp_path / "push.pub").write_text(f"{key}\n", encoding="utf-8")
    assert main(["model", "authorize", str(tmp_path / "push.pub")]) == 0
    line = capsys.readouterr().out.strip()
    role = FIRMWARE / "ansible" / "roles" / "ser_edge"
    template = text_of(role / "templates" / "authorized_keys.j2")
    filled = template.replace("{{ ser_edge_command }}", "/usr/local/bin/ser-edge")
    assert line in filled.replace("{{ key }}", key).splitlines()


MICROPHONE = {
    "udev/85-ser-edge-microphone.rules": r'ATTR\{id\}="(\w+)"',
    "alsa/60-ser-edge.conf": r"^ +card (\w+)",
    "ansible/inventory.example.yml": r"plughw:CARD=(\w+),",
    "../docs/operating.md": r"plughw:CARD=(\w+),",
    "README.md": r"the microphone's name `(\w+)`",
}


@pytest.mark.parametrize("name", MICROPHONE)
def test_the_microphone_has_one_name(name: str) -> None:
    found = set(re.findall(MICROPHONE[name], text_of(FIRMWARE / name), re.MULTILINE))
    assert found == {"SerMic"}
    assert len("SerMic") < 16, "ALSA cuts names of cards after 15 characters"


def test_the_mixer_that_udev_starts_is_the_one_that_is_installed() -> None:
    rule = text_of(FIRMWARE / "udev" / "91-ser-edge-mixer.rules")
    unit = text_of(FIRMWARE / "alsa" / "ser-edge-mixer@.service")
    script = text_of(FIRMWARE / "apply-firmware.sh")
    assert 'ENV{SYSTEMD_WANTS}+="ser-edge-mixer@%n.service"' in rule
    program = re.findall(r"^ExecStart=(\S+) %i$", unit, re.MULTILINE)
    assert len(program) == 1
    assert re.search(rf"'alsa/ser-edge-mixer +{program[0]} +755'", script)
    settings = re.findall(r"^EnvironmentFile=-(\S+)$", unit, re.MULTILINE)
    assert f"readonly MIXER_SETTINGS={settings[0]}\n" in script


def test_every_file_of_the_firmware_is_on_the_map() -> None:
    readme = text_of(FIRMWARE / "README.md")
    folders = ("boot", "watchdog", "journald", "sdcard", "udev", "alsa", "sshd")
    for path in (path for folder in folders for path in (FIRMWARE / folder).iterdir()):
        if path.name != "__pycache__":
            assert f"`{path.relative_to(FIRMWARE)}`" in readme, path


def test_the_map_says_where_each_file_goes() -> None:
    rows = re.findall(
        r"^\| `(\w+/[^`]+)` \| `(/[^`]+)` \|", text_of(FIRMWARE / "README.md"), re.MULTILINE
    )
    script = text_of(FIRMWARE / "apply-firmware.sh")
    checked = 0
    for source, place in rows:
        target = place + Path(source).name if place.endswith("/") else place
        if source.startswith("sshd/"):
            continue
        assert re.search(rf"[ =]{re.escape(target)}\s", script), (source, target)
        checked += 1
    assert checked >= 11


def test_each_file_says_what_it_is_for() -> None:
    suffixes = {".conf", ".service", ".rules", ".sh", ".yml", ".fragment", ".words", ".default", ""}
    for path in FIRMWARE.rglob("*"):
        if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts:
            lines = text_of(path).splitlines()[:2]
            assert any(line.startswith("# ") for line in lines), path


# --- the example of the inventory is a configuration that the program takes ---------------------


def test_the_example_settings_are_known_to_the_program() -> None:
    known = tomllib.loads(text_of(REPOSITORY / "edge" / "config" / "default.toml"))
    example = text_of(FIRMWARE / "ansible" / "inventory.example.yml")
    for section, setting in re.findall(r"^ +(\w+):\n +(\w+): \S", example, re.MULTILINE):
        if section in known:
            assert setting in known[section], f"{section}.{setting}"
    assert {"audio", "panel", "log"} <= {section for section in known if f"{section}:" in example}
