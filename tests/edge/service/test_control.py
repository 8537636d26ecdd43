"""The control socket over real sockets: whatever comes, the loop is never made to wait."""

from __future__ import annotations

import json
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.places import Places
from edge.contract import tables
from edge.errors import NotListeningError, OutputError, RefusedError
from edge.service import control
from edge.service.commands import Ears
from edge.service.control import MOST_VISITORS, ControlSocket
from edge.service.news import News
from edge.service.protocol import (
    Acknowledge,
    Answer,
    BadRequestError,
    Command,
    EndSnooze,
    Feedback,
    Mute,
    Reload,
    Request,
    Snooze,
    Unmute,
    line_of,
    read_request,
    request_line,
    socket_file,
)
from edge.service.status import Status
from tests.fakes.ears import FakeEars, alarm
from tests.fakes.service import status

TOO_LONG = Answer(ok=False, error="not a request: the line is too long")
JUDGED = "2026-11-26T14:03:00+01:00"


@pytest.fixture
def ears() -> Iterator[FakeEars]:
    with FakeEars(status=status(alarms=(alarm("a1"), alarm("a2")), alarm="distress")) as listening:
        yield listening


def client(**changes: float) -> Ears:
    return Ears(Places.here(), **changes)


def connected(path: Path) -> socket.socket:
    way = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    way.settimeout(10)
    way.connect(str(path))
    return way


def answer_to(way: socket.socket, sent: bytes) -> dict[str, object]:
    way.sendall(sent)
    return json.loads(way.makefile("rb").readline())


def hears(told: Iterator[Status | None], wanted: Callable[[Status | None], object]) -> bool:
    """Return whether a watcher is told what is wanted."""
    deadline_s = time.monotonic() + 20
    return any(wanted(news) for news in takewhile(lambda _: time.monotonic() < deadline_s, told))


def soon(is_so: Callable[[], bool], *, limit_s: float = 10.0) -> bool:
    deadline_s = time.monotonic() + limit_s
    while not is_so() and time.monotonic() < deadline_s:
        time.sleep(0.005)
    return is_so()


@pytest.mark.parametrize(
    ("ask", "command"),
    [
        (lambda e: e.acknowledge(who="anna"), Acknowledge(who="anna")),
        (
            lambda e: e.acknowledge(who="anna", note="was ich sah: ☀", alarm="a2"),
            Acknowledge(who="anna", note="was ich sah: ☀", alarm="a2"),
        ),
        (lambda e: e.snooze(for_s=900, who="button"), Snooze(for_s=900, who="button")),
        (lambda e: e.end_snooze(who="anna"), EndSnooze(who="anna")),
        (lambda e: e.mute(who="anna"), Mute(who="anna")),
        (lambda e: e.unmute(who="anna"), Unmute(who="anna")),
        (
            lambda e: e.feedback(who="anna", heard_at=JUDGED, verdict="wrong", truth="calm"),
            Feedback(who="anna", heard_at=JUDGED, verdict="wrong", truth="calm"),
        ),
        (lambda e: e.reload(), Reload()),
    ],
    ids=lambda case: type(case).__name__,
)
def test_each_command_comes_as_it_was_sent(
    ears: FakeEars, ask: Callable[[Ears], Answer], command: Command
) -> None:
    assert ask(client()).ok
    assert ears.commands == [command]


def test_an_answer_tells_what_was_done(ears: FakeEars) -> None:
    assert client().acknowledge(who="anna", alarm="a2").alarms == ("a2",)
    assert client().acknowledge(who="anna").alarms == ("a1",)
    assert client().snooze(for_s=60, who="anna").until is not None


def test_a_refusal_is_said_in_the_ears_own_sentence(ears: FakeEars) -> None:
    ears.refusal = "there is no alarm 'x'"
    with pytest.raises(RefusedError, match=r"^there is no alarm 'x'$"):
        client().acknowledge(who="anna", alarm="x")


def test_where_nobody_listens_a_sentence_says_so() -> None:
    with pytest.raises(NotListeningError, match="no ser-edge listens here") as caught:
        client().mute(who="anna")
    assert caught.value.exit_code == 69


def test_ears_that_are_stuck_are_not_waited_for(ears: FakeEars) -> None:
    ears.is_stuck = True
    with pytest.raises(NotListeningError, match="did not answer"):
        client(answer_s=0.2).mute(who="anna")


def test_ears_that_end_meanwhile_are_not_waited_for(ears: FakeEars) -> None:
    ears.is_stuck = True
    with connected(ears.path) as way:
        way.sendall(request_line(Mute(who="anna")))
        assert soon(lambda: bool(ears._control._commands))
        ears._control.close()
        assert way.recv(100) == b""
    assert not ears.path.exists()


def test_the_socket_is_for_owner_and_group_and_replaces_a_dead_one(tmp_path: Path) -> None:
    path = tmp_path / "run" / "control.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with FakeEars(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with connected(path) as way:
            assert answer_to(way, request_line(Reload()))["ok"]
        assert [file.name for file in path.parent.iterdir()] == ["control.sock"]


def test_what_others_have_put_in_its_place_stays(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with FakeEars(path):
        path.unlink()
        path.write_text("another's")
    assert path.read_text() == "another's"


def test_a_path_that_no_socket_can_have_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="107 bytes, this one is too long; set RUNTIME_DIR"):
        ControlSocket(tmp_path / ("x" * 100) / "control.sock")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="there can be no control socket: File exists"):
        ControlSocket(tmp_path / "file" / "control.sock")


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"\n", "not a request"),
        (b"\xff\xfe\x00\n", "not a request"),
        (b"[" * 60_000 + b"\n", "not a request"),
        (b"[]\n", "expected an object with do: acknowledge"),
        (b'{"do":["mute"]}\n', "expected an object with do"),
        (b'{"do":"sing"}\n', "expected an object with do"),
        (b'{"do":"mute"}\n', "who: missing"),
        (b'{"do":"mute","who":""}\n', "who must say"),
        (b'{"do":"mute","who":"a\\nb"}\n', "who must say"),
        (b'{"do":"mute","who":"\\ud800"}\n', "who must say"),
        (b'{"do":"mute","who":"anna","why":"so"}\n', "why: unknown key"),
        (b'{"do":"acknowledge","who":"anna","note":"\\ud800"}\n', "the note is not a text"),
        (b'{"do":"acknowledge","who":"anna","note":"%s"}\n' % (b"x" * 2001), "has 2001 characters"),
        (b'{"do":"snooze","who":"anna","for_s":NaN}\n', "for_s: expected a number"),
        (b'{"do":"snooze","who":"anna","for_s":0}\n', "out of bounds"),
        (b'{"do":"snooze","who":"anna","for_s":1%s}\n' % (b"0" * 400), "not a request"),
        (b'{"do":"feedback","who":"a","heard_at":"noon","verdict":"wrong"}\n', "noon"),
        (
            b'{"do":"feedback","who":"a","heard_at":"2026-11-26T12:00","verdict":"wrong"}\n',
            "no offset from UTC",
        ),
        (
            b'{"do":"feedback","who":"a","heard_at":"%s","verdict":"wrong","truth":"glad"}\n'
            % JUDGED.encode(),
            "'glad' is no state",
        ),
    ],
    ids=lambda case: repr(case[:40]),
)
def test_what_is_no_request_is_answered_and_the_next_is_done(
    ears: FakeEars, sent: bytes, error: str
) -> None:
    with connected(ears.path) as way:
        reply = answer_to(way, sent)
        assert reply["ok"] is False
        assert error in str(reply["error"])
        assert answer_to(way, request_line(Mute(who="anna")))["ok"] is True
    assert ears.commands == [Mute(who="anna")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
REQUESTS = st.fixed_dictionaries(
    {"do": st.sampled_from(["acknowledge", "snooze", "mute", "feedback", "reload", "watch"])},
    optional=dict.fromkeys(("who", "note", "alarm", "for_s", "heard_at", "truth"), JSON),
)


def outcome_of(line: bytes) -> Request | str:
    try:
        return read_request(line)
    except BadRequestError as error:
        return str(error)


@given(st.binary(max_size=60) | (REQUESTS | JSON).map(lambda table: json.dumps(table).encode()))
def test_whatever_comes_it_is_a_request_or_refused_in_words(line: bytes) -> None:
    found = outcome_of(line)
    if isinstance(found, str):
        assert found.encode()  # it can be sent
    else:
        assert read_request(request_line(found)) == found


def test_a_line_without_an_end_is_answered_and_the_connection_ended(ears: FakeEars) -> None:
    with connected(ears.path) as way:
        with suppress(OSError):  # it is ended while we send
            way.sendall(b"x" * 2_000_000)
        heard = b""
        with suppress(ConnectionResetError):
            while chunk := way.recv(4096):
                heard += chunk
    assert heard in {b"", line_of(tables.to_table(TOO_LONG))}
    assert client().reload().ok


def test_requests_in_one_piece_and_in_crumbs_are_answered_in_order(ears: FakeEars) -> None:
    wanted = [Snooze(for_s=60 + i, who="anna") for i in range(40)]
    with connected(ears.path) as way:
        replies = way.makefile("rb")
        way.sendall(b"".join(map(request_line, wanted[:30])))
        for command in wanted[30:]:
            for byte in request_line(command):
                way.sendall(bytes([byte]))
        assert all(json.loads(replies.readline())["ok"] for _ in wanted)
    assert ears.commands == wanted


def test_more_than_can_wait_is_refused_and_nothing_is_lost_of_the_rest(
    ears: FakeEars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_MOST_COMMANDS", 3)
    ears.is_stuck = True
    ways = [connected(ears.path) for _ in range(3)]
    for way in ways:
        way.sendall(request_line(Mute(who="anna")))
    assert soon(lambda: len(ears._control._commands) == 3)
    with connected(ears.path) as way:
        assert "too many commands" in str(answer_to(way, request_line(Mute(who="tom")))["error"])
    ears.is_stuck = False
    for way in ways:
        assert json.loads(way.makefile("rb").readline())["ok"]
        way.close()


def test_a_hundred_who_say_nothing_keep_nobody_out(ears: FakeEars) -> None:
    crowd = [connected(ears.path) for _ in range(100)]
    for way in crowd[::2]:
        with suppress(OSError):  # it may have had to make room
            way.sendall(b'{"do": "mu')  # half a line, and no more
    assert client().mute(who="anna").ok
    assert len(ears._control._visitors) <= MOST_VISITORS
    for way in crowd:
        way.close()


def test_who_never_reads_is_dropped(ears: FakeEars, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "PATIENCE_S", 0.3)
    with connected(ears.path) as way:
        way.sendall(b'{"do":"watch"}\n')
        ears.show(trouble=("x" * 100_000,))  # so that the buffers between are full soon
        counted = iter(range(10**6))
        assert soon(lambda: bool(ears._control._visitors))

        def is_dropped() -> bool:
            ears.show(n_windows=next(counted))
            return not ears._control._visitors

        assert soon(is_dropped, limit_s=60)
    assert client().reload().ok


def test_who_asks_and_never_reads_is_dropped(
    ears: FakeEars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "PATIENCE_S", 0.3)
    monkeypatch.setattr(control, "_PAUSE_S", 0.0)
    with connected(ears.path) as way:
        way.settimeout(0.05)

        def is_dropped() -> bool:
            with suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
                way.sendall(b"rubbish\n" * 1000)
            return not ears._control._visitors

        assert soon(lambda: bool(ears._control._visitors))
        assert soon(is_dropped, limit_s=60)
    assert client().reload().ok


def test_who_floods_us_is_heard_slowly_and_keeps_nobody_out(ears: FakeEars) -> None:
    with connected(ears.path) as way:
        way.sendall(b"rubbish\n" * 5000)
        assert client().mute(who="anna").ok
        answers = way.makefile("rb")
        assert b"not a request" in answers.readline()
        visitor = next(iter(ears._control._visitors.values()))
        assert visitor.has_line  # a line a turn, and a pause after it
    assert ears.commands == [Mute(who="anna")]


def test_a_watcher_is_told_at_once_and_of_each_change(ears: FakeEars) -> None:
    stop = threading.Event()
    told = client().watch(stop)
    first = next(told)
    assert first
    assert first.state == "sad"
    ears.show(state="angry")
    assert hears(told, lambda news: news and news.state == "angry")
    assert client().mute(who="anna").ok
    assert hears(told, lambda news: news and news.health == "muted")
    stop.set()
    assert not [news for news in told if news and news.health != "muted"]


def times_told(
    told: Iterator[Status | None], *, for_s: float, change: Callable[[], None]
) -> list[float]:
    times_s = [time.monotonic()]
    while times_s[-1] - times_s[0] < for_s:
        change()
        assert next(told)
        times_s.append(time.monotonic())
    return times_s[1:]


def test_a_watcher_is_told_often_what_changes_and_seldom_that_nothing_does(ears: FakeEars) -> None:
    stop = threading.Event()
    told = client().watch(stop)
    levels = iter(range(10**6))
    quick = times_told(told, for_s=1.0, change=lambda: ears.show(level_dbfs=-next(levels)))
    assert 2 <= len(quick) <= 14  # at most ten in a second, give or take what waited
    slow = times_told(told, for_s=1.0, change=lambda: None)
    assert 1 <= len(slow) <= 3
    stop.set()


def test_what_cannot_wait_is_told_without_the_pace(ears: FakeEars) -> None:
    stop = threading.Event()
    told = client().watch(stop)
    next(told)
    for number in range(1, 60):  # at ten a second it would take six seconds
        ears.show(newest_message=number)
        assert hears(told, lambda news, n=number: news and news.newest_message == n)
    stop.set()


def test_a_watcher_is_told_the_last_word(ears: FakeEars) -> None:
    told = client().watch(threading.Event())
    assert next(told)
    ears._ending.set()
    ears._thread.join()
    ears._control.publish(status(health="stopped"))
    ears._control.close()
    assert hears(told, lambda news: news and news.health == "stopped")


def test_a_watcher_outlives_the_ears() -> None:
    stop = threading.Event()
    told = client().watch(stop)
    assert next(told) is None
    with FakeEars(status=status(state="sad")):
        assert hears(told, lambda news: news and news.state == "sad")
    assert hears(told, lambda news: news is None)
    with FakeEars(status=status(state="calm")):
        assert hears(told, lambda news: news and news.state == "calm")
    stop.set()
    assert len(list(told)) <= 1


def test_a_watcher_of_stuck_ears_is_told_that_they_are_away(
    ears: FakeEars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.service.commands.STALE_S", 0.5)
    stop = threading.Event()
    told = client().watch(stop)
    assert next(told)
    ears.is_stuck = True
    assert hears(told, lambda news: news is None)
    ears.is_stuck = False
    assert hears(told, lambda news: news)
    stop.set()


def test_a_status_of_another_version_counts_as_away(monkeypatch: pytest.MonkeyPatch) -> None:
    table = tables.to_table(status()) | {"novelty": 1}
    monkeypatch.setattr(control, "news_of", lambda _status: News(line_of(table), table))
    with FakeEars():
        assert next(client().watch(threading.Event())) is None


def test_nobody_is_told_anything_where_nobody_watches(ears: FakeEars) -> None:
    assert client().reload().ok
    assert not ears._control.has_watchers
    stop = threading.Event()
    told = client().watch(stop)
    assert next(told)
    assert ears._control.has_watchers
    stop.set()
    list(told)
    assert soon(lambda: not ears._control.has_watchers)


def test_who_may_not_ask_is_told_how_he_may(
    ears: FakeEars, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_way: socket.socket, _path: str) -> None:
        raise PermissionError(13, "Permission denied")

    class Refused(socket.socket):
        connect = refuse

    monkeypatch.setattr("edge.service.commands.socket.socket", Refused)
    with pytest.raises(NotListeningError, match="you may not ask ser-edge; use sudo"):
        client().reload()


def test_the_loop_does_not_wait_for_the_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr(ControlSocket, "_turn", lambda _self: never.wait(60))
    listening = ControlSocket(tmp_path / "control.sock")
    for _ in range(2000):  # more than what wakes the thread can hold
        listening.publish(status())
    assert not listening.take()
    assert not never.is_set()
    never.set()
    listening.close()


def test_a_closed_socket_can_be_closed_again_and_asked_in_vain(tmp_path: Path) -> None:
    listening = ControlSocket(tmp_path / "control.sock")
    listening.close()
    listening.close()
    assert not listening.take()
    listening.publish(status())
    assert not list(tmp_path.iterdir())
    assert socket_file(Places.here()).name == "control.sock"
