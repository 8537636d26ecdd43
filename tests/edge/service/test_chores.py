from __future__ import annotations

import threading
import time
from collections.abc import Callable

from edge.service.chores import Chore, Chores


def chore(work: Callable[[], object], heard: list) -> Chore:
    return Chore(work=work, done=heard.append, failed=heard.append)


def test_chores_are_done_in_turn_and_their_outcome_comes_to_the_one_who_looks() -> None:
    heard: list = []
    threads: list[str] = []

    def work(result: int) -> Callable[[], int]:
        def do() -> int:
            threads.append(threading.current_thread().name)
            return result

        return do

    chores = Chores()
    for i in range(3):
        chores.add(chore(work(i), heard))
    assert not chores.is_idle
    assert heard == []
    chores.finish(limit_s=10)
    assert heard == [0, 1, 2]
    assert threads == ["chore"] * 3
    assert chores.is_idle


def test_an_error_is_an_outcome_and_the_next_chore_is_done() -> None:
    heard: list = []
    chores = Chores()
    chores.add(chore(lambda: 1 / 0, heard))
    chores.add(chore(lambda: "well", heard))
    chores.finish(limit_s=10)
    assert isinstance(heard[0], ZeroDivisionError)
    assert heard[1] == "well"


def test_what_hangs_is_left_behind() -> None:
    heard: list = []
    never = threading.Event()
    chores = Chores(limit_s=0.05)
    chores.add(chore(never.wait, heard))
    chores.add(chore(lambda: "well", heard))
    chores.look()
    time.sleep(0.1)
    chores.finish(limit_s=10)
    never.set()
    assert str(heard[0]) == "it took longer than 0.05 s"
    assert heard[1] == "well"


def test_the_end_does_not_wait_for_ever() -> None:
    never = threading.Event()
    chores = Chores()
    chores.add(chore(never.wait, []))
    chores.finish(limit_s=0.05)
    assert not chores.is_idle
    never.set()
