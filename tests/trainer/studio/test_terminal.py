from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest

from trainer.studio import wording
from trainer.studio.terminal import Terminal, meter
from trainer.studio.wording import Choice

TAKE = (Choice.KEEP, Choice.AGAIN, Choice.QUIT)


class Pipe:
    """A keyboard that is no terminal."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()

    def type(self, text: str) -> None:
        os.write(self._writer, text.encode())

    def hang_up(self) -> None:
        os.close(self._writer)
        self._writer = -1

    def close(self) -> None:
        os.close(self.reader)
        if self._writer >= 0:
            self.hang_up()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def _terminal(pipe: Pipe, stream: io.StringIO, language: str = "en") -> Terminal:
    return Terminal(wording.load(language).choices, keyboard=pipe.reader, stream=stream)


@pytest.mark.parametrize(
    ("language", "typed", "expected"),
    [
        ("en", "\n", Choice.KEEP),
        ("en", "k", Choice.KEEP),
        ("en", "x?A", Choice.AGAIN),
        ("en", "äq", Choice.QUIT),
        ("de", "b", Choice.KEEP),
        ("de", "n", Choice.AGAIN),
        ("de", "e", Choice.QUIT),
    ],
)
def test_a_key_is_the_first_letter_of_the_word(
    language: str, typed: str, expected: Choice, pipe: Pipe
) -> None:
    pipe.type(typed)
    assert _terminal(pipe, io.StringIO(), language).choose(*TAKE) is expected


def test_what_is_offered_is_shown(pipe: Pipe) -> None:
    stream = io.StringIO()
    pipe.type("\n")
    _terminal(pipe, stream).choose(*TAKE)
    assert stream.getvalue() == "  [ENTER] keep   [a] again   [q] quit \n"


def test_a_line_is_read_whole(pipe: Pipe) -> None:
    pipe.type(" Maria Müller, mother \nrest")
    terminal = _terminal(pipe, io.StringIO())
    assert terminal.ask("Who?") == "Maria Müller, mother"


def test_the_end_of_the_input_is_told(pipe: Pipe) -> None:
    pipe.hang_up()
    terminal = _terminal(pipe, io.StringIO())
    with pytest.raises(EOFError):
        terminal.choose(*TAKE)
    with pytest.raises(EOFError):
        terminal.ask("Who?")
    assert not terminal.has_pressed_enter()


def test_enter_is_noticed_and_other_keys_are_not(pipe: Pipe) -> None:
    terminal = _terminal(pipe, io.StringIO())
    assert not terminal.has_pressed_enter()
    pipe.type("abc")
    assert not terminal.has_pressed_enter()
    pipe.type("d\n")
    assert terminal.has_pressed_enter()
    assert not terminal.has_pressed_enter()


@pytest.mark.parametrize(
    ("peak_dbfs", "n_full"), [(-120, 0), (-60, 0), (-30, 12), (-7.5, 21), (0, 24), (3, 24)]
)
def test_the_meter(peak_dbfs: float, n_full: int) -> None:
    assert meter(peak_dbfs) == "█" * n_full + "·" * (24 - n_full)


def test_the_meter_stays_in_its_line_and_gives_way_to_the_next_paragraph(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    terminal = _terminal(pipe, screen)
    terminal.show_level(peak_dbfs=-30, elapsed_s=1.25, note="silence or ENTER ends")
    terminal.say("good")
    drawn, said = screen.getvalue().split("\r\x1b[K")[1:]
    assert drawn == "  ● ████████████············   -30 dBFS   1.2 s  silence or"
    assert len(drawn) == 59
    assert said == "  good\n\n"


@pytest.mark.parametrize(("peak_dbfs", "colour"), [(-20, "32"), (-3, "33"), (-0.1, "31")])
def test_the_colour_warns(
    peak_dbfs: float, colour: str, pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Screen()
    _terminal(pipe, screen).show_level(peak_dbfs=peak_dbfs, elapsed_s=1.0, note="")
    assert f"\x1b[{colour}m█" in screen.getvalue()


def test_where_there_is_no_terminal_nothing_is_drawn(pipe: Pipe) -> None:
    stream = io.StringIO()
    terminal = _terminal(pipe, stream)
    terminal.page("title")
    terminal.proclaim("now")
    terminal.show_level(peak_dbfs=-3, elapsed_s=1.0, note="")
    assert stream.getvalue() == "\n  title\n\n  now\n\n"


def test_long_paragraphs_are_wrapped_but_commands_are_not_broken(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream = io.StringIO()
    _terminal(pipe, stream).say("delete it by /a/very/long/path/of-a-folder/somewhere now")
    assert stream.getvalue().splitlines()[1] == "  /a/very/long/path/of-a-folder/somewhere"
