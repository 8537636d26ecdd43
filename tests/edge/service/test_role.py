from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.service.role import Role

HOLD = """
import sys, time
from pathlib import Path
from edge.service.role import Role
print(Role(Path(sys.argv[1])).is_ours, flush=True)
time.sleep(60)
"""


def test_one_process_at_a_time_and_a_killed_one_holds_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "True\n"
        assert not Role(folder).is_ours
        assert "this one only listens" in caplog.text
        holder.kill()
    role = Role(folder)
    assert role.is_ours
    role.leave()
    role.leave()


def test_where_no_lock_can_be_made_nobody_else_can_have_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert Role(tmp_path / "file" / "run").is_ours
