from __future__ import annotations

from pathlib import Path

import pytest

from edge.service.machine import peak_memory_mb, temperature_c, this_machine, throttling


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(autouse=True)
def no_vcgencmd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def install_vcgencmd(root: Path, body: str) -> None:
    write(root, {"bin/vcgencmd": f"#!/bin/sh\n{body}\n"})
    (root / "bin/vcgencmd").chmod(0o755)


def test_a_pi_is_known_by_its_board(tmp_path: Path) -> None:
    root = write(tmp_path, {"proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0"})
    machine = this_machine(root)
    assert machine.name == "Raspberry Pi 4 Model B Rev 1.4"
    assert machine.noun == "this Pi"


def test_another_machine_is_known_by_its_processor(tmp_path: Path) -> None:
    root = write(tmp_path, {"proc/cpuinfo": "processor\t: 0\nmodel name\t: Fast (R) 3000\n"})
    assert this_machine(root).name == "Fast (R) 3000"
    assert this_machine(root).noun == "this machine"


def test_nothing_is_known_where_nothing_is_told(tmp_path: Path) -> None:
    assert this_machine(tmp_path).name == "unknown processor"
    assert temperature_c(tmp_path) is None
    assert throttling(tmp_path) is None
    assert peak_memory_mb(tmp_path) is None


def test_the_processors_sensor_is_preferred(tmp_path: Path) -> None:
    zone = "sys/class/thermal/thermal_zone"
    root = write(
        tmp_path,
        {
            f"{zone}0/type": "acpitz\n",
            f"{zone}0/temp": "27800\n",
            f"{zone}1/type": "cpu-thermal\n",
            f"{zone}1/temp": "51234\n",
        },
    )
    assert temperature_c(root) == pytest.approx(51.234)


def test_any_sensor_is_better_than_none(tmp_path: Path) -> None:
    zone = "sys/class/thermal/thermal_zone0"
    root = write(tmp_path, {f"{zone}/type": "acpitz\n", f"{zone}/temp": "27800\n"})
    assert temperature_c(root) == pytest.approx(27.8)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("0x0", ()),
        ("0x4", ("throttled now",)),
        ("0x50005", (
            "too little voltage now",
            "throttled now",
            "too little voltage since start",
            "throttled since start",
        )),
        ("0x80000", ("near the temperature limit since start",)),
    ],
)  # fmt: skip
def test_the_firmwares_flags_in_words(tmp_path: Path, flags: str, expected: tuple) -> None:
    install_vcgencmd(tmp_path, f'test "$1" = get_throttled && echo throttled={flags}')
    assert throttling(tmp_path) == expected


def test_the_kernels_file_stands_in_for_the_tool(tmp_path: Path) -> None:
    write(tmp_path, {"sys/devices/platform/soc/soc:firmware/get_throttled": "80000\n"})
    install_vcgencmd(tmp_path, "exit 1")
    assert throttling(tmp_path) == ("near the temperature limit since start",)


@pytest.mark.parametrize(("count", "expected"), [(0, ()), (3, ("throttled since start",))])
def test_the_counters_of_a_desktop(tmp_path: Path, count: int, expected: tuple) -> None:
    cpu = "sys/devices/system/cpu/cpu"
    name = "thermal_throttle/core_throttle_count"
    write(tmp_path, {f"{cpu}0/{name}": "0\n", f"{cpu}1/{name}": f"{count}\n"})
    assert throttling(tmp_path) == expected


def test_peak_memory_is_this_process(tmp_path: Path) -> None:
    write(tmp_path, {"proc/self/status": "Name:\tpython\nVmHWM:\t   50000 kB\n"})
    assert peak_memory_mb(tmp_path) == pytest.approx(51.2)
