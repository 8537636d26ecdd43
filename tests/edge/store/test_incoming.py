from __future__ import annotations

import os
import time

import pytest

from edge.errors import NoRoomError, StoreError
from edge.store import incoming
from edge.store.incoming import part_of

SHA = "ab" * 32


def received(folder, *pieces, n_bytes=10):
    with part_of(folder, SHA, n_bytes=n_bytes) as part:
        have = part.have
        for piece in pieces:
            part.append(piece)
        return have, part.missing, part.path.read_bytes()


def test_it_goes_on_where_it_stopped(tmp_path):
    assert received(tmp_path, b"0123", b"4") == (0, 5, b"01234")
    assert received(tmp_path) == (5, 5, b"01234")
    assert received(tmp_path, b"56789and more") == (5, 0, b"0123456789")
    assert received(tmp_path) == (10, 0, b"0123456789")


def test_a_longer_file_is_none_of_ours(tmp_path):
    received(tmp_path, b"0123456789")
    assert received(tmp_path, n_bytes=4) == (0, 4, b"")


def test_two_at_a_time_have_a_part_each(tmp_path):
    with part_of(tmp_path, SHA, n_bytes=10) as first:
        first.append(b"first")
        assert received(tmp_path, b"second") == (0, 4, b"second")
        assert first.path.read_bytes() == b"first"
    assert received(tmp_path)[2] == b"first"


def test_parts_that_nobody_fetched_go_after_a_week(tmp_path):
    received(tmp_path, b"01")
    (part,) = tmp_path.glob("*.part")
    six_days_ago_s = time.time() - 6 * 86_400
    os.utime(part, (six_days_ago_s, six_days_ago_s))
    assert received(tmp_path)[0] == 2
    os.utime(part, (six_days_ago_s - 2 * 86_400,) * 2)
    assert received(tmp_path)[0] == 0


def test_a_disk_without_room_refuses_before_anything_is_sent(tmp_path, monkeypatch):
    monkeypatch.setattr(incoming, "_SPARE_BYTES", 2**60)
    with pytest.raises(NoRoomError, match=r"MB left, but the model needs 0\.0 MB .*make room"):
        received(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "incoming").write_text("")
    with pytest.raises(StoreError, match="incoming cannot be used"):
        received(tmp_path / "incoming")
