from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.devices.gpio import PanelPins
from edge.devices.gpiolines import Chip, Line, chips, header_chip
from edge.service.checks import pins as module
from edge.service.checks.people import Person
from edge.service.checks.pins import gpio, pins
from tests.support import REPOSITORY

pytest.importorskip("gpiozero")

NODE = Path("/dev/gpiochip0")
WIRED = PanelPins(leds={"calm": 17, "sad": 22}, status=13, listening=26)
ME = [Person(name="ser-edge", uid=0, groups=frozenset())]


def a_line(number: int, consumer: str = "") -> Line:
    return Line(number=number, name=f"GPIO{number}", consumer=consumer, is_used=bool(consumer))


def a_chip(*used: Line, label: str = "pinctrl-bcm2711", node: Path = NODE) -> Chip:
    by_number = {line.number: line for line in used}
    lines = tuple(by_number.get(number, a_line(number)) for number in range(28))
    return Chip(node=node, label=label, lines=lines)


def a_kernel(label: str, used: dict[int, str]) -> Callable[[int, int, bytearray], None]:
    """Return an ioctl that answers as the kernel does for one chip with 28 lines."""

    def call(_: int, request: int, raw: bytearray) -> None:
        if request == 0x8044B401:
            raw[:] = struct.pack("32s32sI", b"gpiochip0", label.encode(), 28)
            return
        assert (request, len(raw)) == (0xC100B405, 256)
        (number,) = struct.unpack_from("I", raw, 64)
        consumer = used.get(number, "")
        raw[:] = struct.pack(
            "32s32sIIQ176x",
            f"GPIO{number}".encode(),
            consumer.encode(),
            number,
            0,
            0b101 if consumer else 0b100,
        )

    return call


def test_what_the_kernel_says_of_the_lines(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()
    (chip,) = chips(tmp_path, call=a_kernel("pinctrl-bcm2711", {17: "led0"}))
    assert (chip.node, chip.label, len(chip.lines)) == (
        tmp_path / "gpiochip0",
        "pinctrl-bcm2711",
        28,
    )
    assert chip.lines[17] == a_line(17, "led0")
    assert chip.lines[18] == a_line(18)


def test_what_is_no_chip_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()  # the real ioctl refuses a plain file
    assert chips(tmp_path, call=fcntl.ioctl) == []


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["pinctrl-bcm2711", "raspberrypi-exp-gpio"], "pinctrl-bcm2711"),
        (["gpio-brcmstb", "raspberrypi-exp-gpio", "pinctrl-rp1"], "pinctrl-rp1"),  # a Pi 5
        (["9030000.pl061"], None),
        ([], None),
    ],
)
def test_the_chip_of_the_header(labels: list[str], expected: str | None) -> None:
    found = header_chip([a_chip(label=label) for label in labels])
    assert (found.label if found else None) == expected


def test_free_pins(tmp_path: Path) -> None:
    finding = pins(WIRED, [a_chip()], tmp_path)
    assert (finding.verdict, finding.found) == (
        "ok",
        "GPIO 13, 17, 22, 26 are free, or used by the service",
    )


def test_a_pin_that_another_program_uses(tmp_path: Path) -> None:
    finding = pins(WIRED, [a_chip(a_line(17, "fan"), a_line(4, "w1"))], tmp_path)
    assert finding.verdict == "problem"
    assert finding.found == "GPIO 17 (LED 'calm') is used by fan"
    assert "give the part another pin in [panel]" in finding.remedy


def test_the_light_that_tells_of_listening_is_looked_at_too(tmp_path: Path) -> None:
    finding = pins(WIRED, [a_chip(a_line(26, "relay"))], tmp_path)
    assert finding.found == "GPIO 26 (listening) is used by relay"


def test_our_own_service_rightly_holds_its_pins(tmp_path: Path) -> None:
    hold(tmp_path, 812)
    ours = [a_chip(a_line(17, "lg"), a_line(13, "lg"), node=tmp_path / "dev/gpiochip0")]
    assert pins(WIRED, ours, tmp_path, service=812).verdict == "ok"
    assert pins(WIRED, ours, tmp_path, service=0).verdict == "problem"


def test_another_lgpio_program_does_not_pass_for_the_service(tmp_path: Path) -> None:
    hold(tmp_path, 812)
    hold(tmp_path, 900)
    chip = a_chip(a_line(17, "lg"), node=tmp_path / "dev/gpiochip0")
    finding = pins(WIRED, [chip], tmp_path, service=812)
    assert finding.verdict == "problem"
    assert "(process 900)" in finding.found


def hold(root: Path, process: int) -> None:
    folder = root / "proc" / str(process)
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text("blinky\n")
    (folder / "fd" / "3").symlink_to(root / "dev/gpiochip0")


def test_the_real_process_that_holds_the_chip_is_named(tmp_path: Path) -> None:
    node = tmp_path / "gpiochip0"
    node.touch()
    code = f"f = open({str(node)!r}); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        finding = pins(WIRED, [a_chip(a_line(22, "lg"), node=node)], Path("/"))
        process.communicate(b"\n")
    assert f"(process {process.pid}) holds {node}" in finding.found
    assert f"`sudo kill {process.pid}`" in finding.remedy


@pytest.mark.parametrize(
    ("sign", "wired", "bus", "remedy"),
    [
        ("dev/i2c-1", {"sad": 2, "calm": 3}, "I2C", "do_i2c 1"),
        ("dev/spidev0.0", {"sad": 10}, "SPI", "do_spi 1"),
        ("dev/spidev0.1", {"sad": 7}, "SPI", "do_spi 1"),
        ("dev/serial0", {"sad": 14}, "the serial port", "do_serial_hw 1"),
        ("sys/bus/w1/devices/w1_bus_master1", {"sad": 4}, "1-wire", "do_onewire 1"),
    ],
)
def test_pins_of_a_bus_that_is_on(
    tmp_path: Path, sign: str, wired: dict[str, int], bus: str, remedy: str
) -> None:
    panel = PanelPins(leds=wired)
    assert pins(panel, [a_chip()], tmp_path).verdict == "ok"
    (tmp_path / sign).parent.mkdir(parents=True)
    (tmp_path / sign).touch()
    finding = pins(panel, [a_chip()], tmp_path)
    assert finding.verdict == "problem"
    assert finding.found.count(f"belongs to {bus}, which is switched on") == len(wired)
    assert f"raspi-config nonint {remedy}" in finding.remedy


def test_no_pins_and_no_chip_are_no_trouble(tmp_path: Path) -> None:
    assert "not applicable" in pins(PanelPins(), [a_chip()], tmp_path).found
    assert "not applicable" in pins(WIRED, [a_chip(label="pl061")], tmp_path).found


@pytest.mark.parametrize(
    ("kind", "verdict"), [("none", "ok"), ("auto", "warning"), ("leds", "problem")]
)
def test_a_missing_gpio_of_a_pi_matters_as_much_as_it_is_wanted(
    kind: str, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nonesuch")
    model = tmp_path / "proc/device-tree/model"
    model.parent.mkdir(parents=True)
    model.write_text("Raspberry Pi 4 Model B\0")
    finding = gpio(kind, ME, tmp_path)
    assert finding.verdict == verdict
    assert (finding.remedy != "") == (verdict != "ok")


def test_without_a_pi_there_is_nothing_to_miss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nonesuch")
    assert gpio("auto", ME, tmp_path).found.startswith("not applicable: this is no Raspberry Pi")
    assert gpio("rgb", ME, tmp_path).verdict == "problem"  # somebody says that lights are there


def test_a_factory_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    monkeypatch.setenv("LG_WD", str(tmp_path))
    assert gpio("leds", ME, tmp_path).found == "gpiozero uses MockFactory"


def test_who_may_not_use_the_chip_is_told_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "dev/gpiochip0"
    node.parent.mkdir()
    node.touch()
    node.chmod(0o660)
    monkeypatch.setattr("edge.service.checks.people.group_name", lambda _: "gpio")
    stranger = Person(name="ser-edge", uid=os.geteuid() + 4000, groups=frozenset())
    finding = gpio("auto", [stranger], tmp_path)
    assert (finding.verdict, finding.found) == ("problem", f"ser-edge may not use {node}")
    assert finding.remedy.startswith("`sudo usermod -aG gpio ser-edge`")


def test_a_missing_library_is_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    hint = module._install_hint("on a Raspberry Pi install python3-lgpio")
    assert hint == "`sudo apt install -y python3-lgpio`"
    assert module._install_hint("anything else") == "anything else"


def test_looking_leaves_folder_and_environment_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new process: lgpio goes to its folder when it is imported, once."""
    pytest.importorskip("lgpio")
    code = (
        "import os, pathlib\n"
        "from edge.service.checks.pins import gpio\n"
        f"gpio('leds', [], pathlib.Path({str(tmp_path)!r}))\n"
        "import sys; assert 'lgpio' in sys.modules\n"
        "print(os.getcwd(), os.environ.get('LG_WD'), os.listdir())\n"
    )
    monkeypatch.delenv("LG_WD", raising=False)
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == f"{tmp_path} None []\n"
    assert found.stderr == ""
