"""The terminal: pages, single keys, a meter that is drawn anew."""

from __future__ import annotations

import os
import select
import shutil
import sys
import termios
import textwrap
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self, TextIO

from trainer.studio.wording import Choice

_WIDEST: Final = 78
_INDENT: Final = "  "
_QUIETEST_DBFS: Final = -60.0
_HIGH_DBFS, _HIGHEST_DBFS = -6.0, -1.0
_METER_CELLS: Final = 24
_BOLD, _DIM, _GREEN, _YELLOW, _RED = "1", "2", "32", "33", "31"
_CLEAR_PAGE: Final = "\x1b[H\x1b[J"
_CLEAR_LINE: Final = "\r\x1b[K"
_ENTER: Final = ("\n", "\r")


class Terminal:
    """A person at a keyboard. Where input or output is no terminal, lines come and go plainly.

    Used as a context: within it keys come singly and unseen, after it as before.

    Parameters
    ----------
    words : mapping of str to str
        The word of each `Choice`; its first letter is the key.
    keyboard : int
        File descriptor of the input.
    stream : TextIO
        The output; standard output by default.
    """

    def __init__(
        self, words: Mapping[str, str], *, keyboard: int = 0, stream: TextIO | None = None
    ) -> None:
        self._words = words
        self._keyboard = keyboard
        self._stream = stream or sys.stdout
        self._draws = self._stream.isatty()
        self._modes: list[Any] | None = None

    def __enter__(self) -> Self:
        if os.isatty(self._keyboard):
            self._modes = termios.tcgetattr(self._keyboard)
            tty.setcbreak(self._keyboard)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()
        if error is not None and self._draws:
            self._write("\n")

    def page(self, title: str) -> None:
        """Begin a page with a clear screen."""
        self._write(_CLEAR_PAGE if self._draws else "\n")
        self._paragraph(title, style=_DIM)

    def say(self, text: str) -> None:
        """Show a paragraph, in the place of the meter if one was drawn."""
        self._paragraph(text)

    def proclaim(self, text: str) -> None:
        """Show a paragraph in bold."""
        self._paragraph(text, style=_BOLD)

    def ask(self, question: str) -> str:
        """Return a line that was typed, with the terminal's usual editing.

        Raises
        ------
        EOFError
            If the input has ended.
        """
        self._write(f"{_wrapped(question)} ")
        typed = b""
        with self._line_editing():
            while not typed.endswith(b"\n"):
                typed += self._read_byte()
        self._write("\n")
        return typed.decode(errors="replace").strip()

    def choose(self, *choices: Choice) -> Choice:
        """Return what the person decides; ENTER is the first choice.

        Raises
        ------
        EOFError
            If the input has ended.
        """
        keys = {self._words[choice][0].casefold(): choice for choice in choices}
        keys |= dict.fromkeys(_ENTER, choices[0])
        self._write(f"{_INDENT}{self._offer(choices)} ")
        if self._modes is not None:  # what was typed ahead was no answer to this
            termios.tcflush(self._keyboard, termios.TCIFLUSH)
        while (key := self._read_key()) not in keys:
            pass
        self._write(_CLEAR_LINE if self._draws else "\n")
        return keys[key]

    def show_level(self, *, peak_dbfs: float, elapsed_s: float, note: str) -> None:
        """Draw the meter anew; nothing where the output is no terminal."""
        if self._draws:
            style = _RED if peak_dbfs > _HIGHEST_DBFS else _GREEN
            style = _YELLOW if _HIGH_DBFS < peak_dbfs <= _HIGHEST_DBFS else style
            bar = self._styled(meter(peak_dbfs), style)
            words = f"{peak_dbfs:4.0f} dBFS  {elapsed_s:4.1f} s  {note}"
            width = shutil.get_terminal_size().columns - len(_INDENT) - _METER_CELLS - 5
            dot = self._styled("●", _RED)
            self._write(f"{_CLEAR_LINE}{_INDENT}{dot} {bar}  {words[: max(0, width)]}")

    def has_pressed_enter(self) -> bool:
        """Return whether ENTER was pressed since the last question."""
        while select.select([self._keyboard], [], [], 0)[0]:
            byte = os.read(self._keyboard, 1)
            if not byte or byte.decode(errors="replace") in _ENTER:
                return bool(byte)
        return False

    def _offer(self, choices: tuple[Choice, ...]) -> str:
        words = [self._words[choice] for choice in choices]
        first = f"[ENTER] {words[0]}"
        return "   ".join([first, *(f"[{word[0].casefold()}] {word}" for word in words[1:])])

    def _paragraph(self, text: str, style: str = "") -> None:
        clear = _CLEAR_LINE if self._draws else ""
        self._write(f"{clear}{self._styled(_wrapped(text), style)}\n\n")

    def _styled(self, text: str, style: str) -> str:
        is_plain = not self._draws or not style or "NO_COLOR" in os.environ
        return text if is_plain else f"\x1b[{style}m{text}\x1b[0m"

    def _read_key(self) -> str:
        byte = self._read_byte()
        n_more = sum(byte[0] >= limit for limit in (0xC0, 0xE0, 0xF0))  # UTF-8
        rest = b"".join(self._read_byte() for _ in range(n_more))
        return (byte + rest).decode(errors="replace").casefold()

    def _read_byte(self) -> bytes:
        byte = os.read(self._keyboard, 1)
        if not byte:
            raise EOFError
        return byte

    @contextmanager
    def _line_editing(self) -> Iterator[None]:
        self._restore()
        try:
            yield
        finally:
            if self._modes is not None:
                tty.setcbreak(self._keyboard)

    def _restore(self) -> None:
        if self._modes is not None:
            termios.tcsetattr(self._keyboard, termios.TCSADRAIN, self._modes)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def meter(peak_dbfs: float) -> str:
    """Return a bar of 24 cells from -60 dBFS to full scale."""
    share = 1.0 - max(_QUIETEST_DBFS, min(0.0, peak_dbfs)) / _QUIETEST_DBFS
    n_full = round(share * _METER_CELLS)
    return "█" * n_full + "·" * (_METER_CELLS - n_full)


def _wrapped(text: str) -> str:
    return textwrap.fill(
        text,
        min(_WIDEST, shutil.get_terminal_size().columns - 1),
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
