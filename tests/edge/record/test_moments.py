from __future__ import annotations

from datetime import datetime

import pytest

from edge.record import moments
from edge.record.moments import SystemClock, boot_id, moment
from tests.edge.record.samples import StoppedClock


def test_a_moment_is_told_as_rfc_3339_with_the_local_offset():
    assert StoppedClock().at(0.0).time == "2026-11-20T23:10:05.123+01:00"


def test_the_system_clock_knows_its_offset():
    now = SystemClock().now()
    assert now.utcoffset() is not None
    assert datetime.fromisoformat(moment(SystemClock(), at_s=0.0).time).utcoffset() is not None


def test_systemd_knows_that_the_clock_is_set(tmp_path, monkeypatch):
    mark = tmp_path / "synchronized"
    mark.touch()
    monkeypatch.setattr(moments, "_TIMESYNC_MARK", mark)
    assert SystemClock().is_synchronised() is True


@pytest.mark.parametrize(("status", "expected"), [(0, True), (5, False), (-1, None)])
def test_without_systemd_the_kernel_is_asked(tmp_path, monkeypatch, status, expected):
    monkeypatch.setattr(moments, "_TIMESYNC_MARK", tmp_path / "none")
    monkeypatch.setattr(moments, "_adjtimex", lambda: status)
    assert SystemClock().is_synchronised() is expected


def test_the_kernel_answers():
    assert -1 <= moments._adjtimex() <= 5


def test_a_boot_has_a_name_or_none(tmp_path, monkeypatch):
    monkeypatch.setattr(moments, "_BOOT_ID", tmp_path / "none")
    assert boot_id() == ""
    (tmp_path / "boot").write_text("3c0b-1\n")
    monkeypatch.setattr(moments, "_BOOT_ID", tmp_path / "boot")
    assert boot_id() == "3c0b-1"
