from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.record.schema import connect
from edge.service.checks.people import Person, this_user
from edge.service.checks.storage import Space, card, disk, log_file, space_of

ROOMY = Space(free_mb=20_000, total_mb=32_000, has_names=True, is_read_only=False)


def space(free_mb: float, *, total_mb: float = 32_000, has_names: bool = True) -> Space:
    return Space(free_mb=free_mb, total_mb=total_mb, has_names=has_names, is_read_only=False)


@pytest.mark.parametrize(
    ("there", "verdict", "words"),
    [
        (ROOMY, "ok", "20000 of 32000 MB free"),
        (space(250), "warning", "almost full"),
        (space(250, total_mb=512), "ok", "250 of 512 MB free"),  # a small disk is no full one
        (space(5), "problem", "full: "),
        (space(5000, has_names=False), "problem", "not one more file can be made"),
    ],
)
def test_disks(tmp_path: Path, there: Space, verdict: str, words: str) -> None:
    finding = disk([tmp_path / "log.db"], space=lambda _: there)
    assert finding.verdict == verdict
    assert words in finding.found
    assert ("apt clean" in finding.remedy) == (verdict != "ok")


def test_a_disk_that_has_become_read_only(tmp_path: Path) -> None:
    failing = Space(free_mb=20_000, total_mb=32_000, has_names=True, is_read_only=True)
    finding = disk([tmp_path / "x"], space=lambda _: failing)
    assert finding.verdict == "problem"
    assert f"{tmp_path} is read-only" in finding.found
    assert "sudo tar czf" in finding.remedy


def test_of_several_disks_the_worst_counts(tmp_path: Path) -> None:
    spaces = {tmp_path: space(5), Path("/"): ROOMY}
    finding = disk([tmp_path / "x", Path("/etc")], space=lambda folder: spaces[folder])
    assert finding.verdict == "problem"
    assert "20000 of 32000" in finding.found


def test_the_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert str(tmp_path) in disk([tmp_path / "a" / "b" / "log.db"]).found


def test_the_real_kernels_figures_are_sensible() -> None:
    assert 0 < space_of(Path("/")).free_mb <= space_of(Path("/")).total_mb


@pytest.mark.parametrize(
    ("line", "is_trouble"),
    [
        ("mmc0: error -110 whilst initialising SD card", True),
        ("mmcblk0: error -110 sending status command, retrying", True),
        ("mmc0: Timeout waiting for hardware interrupt.", True),
        ("blk_update_request: I/O error, dev mmcblk0, sector 1234", True),
        ("EXT4-fs error (device mmcblk0p2): ext4_find_entry:1455", True),
        ("EXT4-fs (mmcblk0p2): Remounting filesystem read-only", True),
        ("mmc0: new ultra high speed DDR50 SDXC card at address aaaa", False),
        ("EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode", False),
        ("usb 1-1.2: new full-speed USB device number 3", False),
    ],
)
def test_complaints_of_the_kernel(tmp_path: Path, line: str, is_trouble: bool) -> None:
    finding = card(tmp_path, kernel_log=f"[    1.0] Booting\n[  123.4] {line}\n")
    assert finding.verdict == ("problem" if is_trouble else "ok")
    assert (line in finding.found) == is_trouble


def test_who_may_see_neither_is_told_who_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "dmesg"
    tool.write_text("#!/bin/sh\necho 'dmesg: read kernel buffer failed'\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert card(tmp_path).found.startswith("not applicable: only root sees the kernel's log")


@pytest.mark.parametrize(("count", "verdict"), [(0, "ok"), (3, "problem")])
def test_the_file_systems_own_count(tmp_path: Path, count: int, verdict: str) -> None:
    file = tmp_path / "sys/fs/ext4/mmcblk0p2/errors_count"
    file.parent.mkdir(parents=True)
    file.write_text(f"{count}\n")
    finding = card(tmp_path, kernel_log="")
    assert finding.verdict == verdict
    assert ("mmcblk0p2: 3 file system errors" in finding.found) == bool(count)


def test_a_log_that_can_be_written(tmp_path: Path) -> None:
    finding = log_file(tmp_path / "new" / "log.db", this_user(), max_mb=1)
    assert finding.verdict == "ok"
    assert not (tmp_path / "new").exists()  # looking makes nothing


def test_a_log_without_room_to_grow(tmp_path: Path) -> None:
    finding = log_file(tmp_path / "new" / "log.db", this_user(), max_mb=1e12)
    assert finding.verdict == "warning"
    assert finding.remedy.startswith("lower log.max_mb")


def test_a_log_that_root_began_is_given_back_to_the_service(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    connect(log).close()
    tmp_path.chmod(0o777)
    service = Person(name="ser-edge", uid=os.geteuid() + 4000, groups=frozenset())
    finding = log_file(log, service, max_mb=1)
    assert finding.verdict == "problem"
    assert f"ser-edge may not write {log}" in finding.found
    assert f"sudo chown -R ser-edge:ser-edge {tmp_path}" in finding.remedy


def test_a_log_that_is_another_programs(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    log.write_text("dear diary\n" * 100)
    with pytest.raises(OSError, match="cannot be read"):
        log_file(log, this_user(), max_mb=1)


def test_a_log_that_was_damaged_before_hints_at_the_card(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    connect(log).close()
    for name in ("log.db.corrupt-20261120T101010Z", "log.db.corrupt-20261120T101010Z-wal"):
        (tmp_path / name).touch()
    finding = log_file(log, this_user(), max_mb=1)
    assert finding.verdict == "warning"
    assert finding.found.endswith("log.db.corrupt-20261120T101010Z")
    assert "write a new card" in finding.remedy
