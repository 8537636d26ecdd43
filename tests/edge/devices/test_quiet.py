"""Standard error is quiet for the chatter of C libraries only, and always comes back."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import pytest

from edge.devices.quiet import quiet_stderr
from edge.devices.timelimit import finishes_within

CHATTER = "ALSA lib pcm.c:2721:(snd_pcm_open_noupdate) Unknown PCM cards.pcm.rear\n"


def _n_open() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_chatter_goes_to_the_log(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), quiet_stderr():
        os.write(2, CHATTER.encode())
    assert capfd.readouterr().err == ""
    assert caplog.messages == [CHATTER.strip()]


def test_what_others_write_meanwhile_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_stderr():
        os.write(2, f"{CHATTER}disk full\n".encode())
    assert capfd.readouterr().err == "disk full\n"


def test_it_comes_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with quiet_stderr():
            os.write(2, f"{CHATTER}what another thread says\n".encode())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "what another thread says\nheard\n"


def test_many_threads_and_nesting_leave_it_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    before = os.fstat(2)

    def chat() -> None:
        for _ in range(50):
            with quiet_stderr(), quiet_stderr():
                os.write(2, CHATTER.encode())

    threads = [threading.Thread(target=chat) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert os.path.samestat(before, os.fstat(2))
    assert capfd.readouterr().err == ""


def test_no_descriptor_is_left_open() -> None:
    before = _n_open()
    for _ in range(20):
        with quiet_stderr():
            pass
    assert _n_open() == before


def test_a_hanging_action_is_left_behind() -> None:
    released = threading.Event()
    assert not finishes_within(0.01, released.wait)
    released.set()
    assert finishes_within(5, released.wait)


def test_an_action_that_fails_has_come_to_an_end(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("Stream closed")

    assert finishes_within(5, fail)
    assert "Stream closed" in caplog.text
