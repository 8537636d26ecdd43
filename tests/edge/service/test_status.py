from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edge.config.places import Places
from edge.service.status import find_status, read_status, status_file, write_status
from tests.fakes.service import status

THERE = status()


def a_dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run" / "status.json"
    write_status(path, THERE)
    assert read_status(path) == THERE
    assert [p.name for p in path.parent.iterdir()] == ["status.json"]


def test_everybody_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_status(tmp_path / "status.json", THERE)
    finally:
        os.umask(before)
    assert (tmp_path / "status.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"schema": 99}', None])
def test_what_is_no_status_is_none(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    if content is not None:
        path.write_bytes(content)
    assert read_status(path) is None


def test_a_reader_never_sees_a_half(tmp_path: Path) -> None:
    path, stopping = tmp_path / "status.json", threading.Event()
    write_status(path, THERE)

    def write() -> None:
        for n in range(10**6):
            if stopping.is_set():
                return
            write_status(path, replace(THERE, trouble=("x" * (n % 5000),)))

    writer = threading.Thread(target=write)
    writer.start()
    found = [read_status(path) for _ in range(300)]
    stopping.set()
    writer.join()
    assert None not in found


def test_a_status_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "status.json").mkdir()
    (tmp_path / "status.json" / "full").write_text("")
    with pytest.raises(OSError):
        write_status(tmp_path / "status.json", THERE)
    assert [p.name for p in tmp_path.iterdir()] == ["status.json"]


@pytest.mark.parametrize(
    ("changes", "alive"),
    [
        ({}, True),
        ({"health": "deaf"}, True),
        ({"health": "stopped"}, False),
        ({"boot_id": "another"}, False),
        ({"pid": a_dead_pid()}, False),
        ({"pid": 1}, True),
        ({"updated_monotonic_s": -6.0}, False),
        ({"updated_monotonic_s": 100.0}, False),
    ],
)
def test_alive(changes: dict, alive: bool) -> None:
    now_s = time.monotonic()
    if "updated_monotonic_s" in changes:
        changes = {"updated_monotonic_s": now_s + changes["updated_monotonic_s"]}
    assert status(**({"updated_monotonic_s": now_s} | changes)).alive is alive


def places(root: Path) -> Places:
    """A user's who is not the service."""
    return Places(
        environ={"XDG_RUNTIME_DIR": str(root / "run/user/1000")},
        is_system=False,
        root=root,
        home=root / "home/ann",
    )


def test_a_user_finds_the_systems_status(tmp_path: Path) -> None:
    here = places(tmp_path)
    assert find_status(here) is None
    write_status(tmp_path / "run/ser-edge/status.json", status(source="the service"))
    found = find_status(here)
    assert found
    assert found.source == "the service"


def test_what_runs_comes_before_what_ran(tmp_path: Path) -> None:
    here = places(tmp_path)
    late = "2026-11-26T13:00:00Z"
    write_status(status_file(here), status(source="own", health="stopped", updated_utc=late))
    write_status(tmp_path / "run/ser-edge/status.json", status(source="the service"))
    found = find_status(here)
    assert found
    assert found.source == "the service"


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    write_status(tmp_path / "status.json", THERE)
    table = json.loads((tmp_path / "status.json").read_text())
    assert table["model"] == {"id": None, "name": "room", "version": "1", "sha256": "ab" * 32}
    assert table["latency_ms"] == {"median": 3.0, "p95": 4.5, "max": 9.0}
