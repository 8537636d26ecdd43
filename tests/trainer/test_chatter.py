"""What C++ writes to standard error past Python is dropped, and only that."""

from __future__ import annotations

import os
import sys

import pytest

from trainer.chatter import without_chatter


def test_only_what_comes_meanwhile_is_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    sys.stderr.write("before\n")
    with without_chatter():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_an_error_gives_standard_error_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="as it comes"), without_chatter():
        raise ValueError("as it comes")
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"
