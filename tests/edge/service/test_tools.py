from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from edge.service.tools import ask


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a place on the PATH where a test writes its tool."""
    path = tmp_path / "bin" / "tool"
    path.parent.mkdir()
    path.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    return path


def test_an_answer_is_what_was_written_on_both_channels(tool: Path) -> None:
    tool.write_text('#!/bin/sh\necho "said $1"\necho complained >&2\n')
    answer = ask("tool", "this")
    assert (answer.text.splitlines(), answer.fault) == (["said this", "complained"], "")


def test_lines_of_keys_and_values(tool: Path) -> None:
    tool.write_text("#!/bin/sh\nprintf 'A=1\\nno pair\\nB=x=y\\nC=\\n'\n")
    assert ask("tool").fields == {"A": "1", "B": "x=y", "C": ""}


def test_a_tool_that_is_not_there() -> None:
    answer = ask("no-such-tool-anywhere")
    assert (answer.text, answer.fault) == ("", "no-such-tool-anywhere is not installed")


def test_a_tool_that_fails_still_says_why(tool: Path) -> None:
    tool.write_text("#!/bin/sh\necho 'not today'\nexit 3\n")
    answer = ask("tool")
    assert answer.text == "not today"
    assert answer.fault.endswith("tool ended with status 3")


def test_a_tool_that_cannot_be_run(tool: Path) -> None:
    tool.write_bytes(b"\x7fELF but not really")
    assert "tool cannot be run" in ask("tool").fault


def test_a_tool_that_hangs_is_ended_with_its_children(tool: Path, tmp_path: Path) -> None:
    child = tmp_path / "child"
    tool.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {child}\necho begun\nwait\n")
    answer = ask("tool", limit_s=3.0)
    assert answer.text == "begun"
    assert answer.fault.endswith("gave no answer within 3 s")
    assert _comes_to_an_end(int(child.read_text()))


def _comes_to_an_end(process: int) -> bool:
    for _ in range(500):
        try:
            if "\nState:\tZ" in Path(f"/proc/{process}/status").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def test_of_an_endless_answer_the_end_is_kept(tool: Path) -> None:
    tool.write_text("#!/bin/sh\nyes xxxxxxxxxxxxxxx | head -c 3000000\necho the end\n")
    text = ask("tool").text
    assert text.endswith("the end")
    assert len(text) <= 1_000_000
