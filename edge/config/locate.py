"""On which line of a TOML text a key stands: the parser of the standard library does not say.

The text must have been parsed before: what is wrong TOML is not noticed here.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from typing import Final

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN: Final = re.compile(r"[^,\]}#\n]*")
_STRINGS: Final = (
    # The longer quotes first; up to two quotes may stand right before the three that end a text.
    re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})', re.DOTALL),
    re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


def locate(text: str) -> dict[str, int]:
    """Return the line, counted from 1, of every table, key and list item.

    Parameters
    ----------
    text : str
        Correct TOML.

    Returns
    -------
    dict[str, int]
        Keys are paths as in `edge.contract.tables`: ``"panel.leds.happy"``, ``"alert[1].when[0]"``.
        A table that only its sub-tables name stands where the first of them does.
    """
    return _Scanner(text).scan()


def line_of(path: str, lines: dict[str, int]) -> int | None:
    """Return the line of a path, or of the nearest table around it; None where there is neither."""
    while path:
        if path in lines:
            return lines[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._newlines = [i for i, character in enumerate(text) if character == "\n"]
        self._lines: dict[str, int] = {}
        self._n_tables: dict[str, int] = {}

    def scan(self) -> dict[str, int]:
        table = ""
        self._skip_blank()
        while self._at < len(self._text):
            if self._take("[["):
                table = self._header("]]", is_list=True)
            elif self._take("["):
                table = self._header("]", is_list=False)
            else:
                self._pair(table)
            self._skip_blank()
        return self._lines

    def _header(self, end: str, *, is_list: bool) -> str:
        line = self._line()
        *parents, last = self._key()
        self._take(end)
        path = ""
        for name in parents:
            path = self._newest(_join(path, name))
            self._lines.setdefault(path, line)
        path = _join(path, last)
        if is_list:
            self._lines.setdefault(path, line)
            self._n_tables[path] = self._n_tables.get(path, 0) + 1
            path = self._newest(path)
        self._lines[path] = line
        return path

    def _newest(self, path: str) -> str:
        """Return the path of the newest table of a list of tables; another path as it is."""
        n_tables = self._n_tables.get(path)
        return path if n_tables is None else f"{path}[{n_tables - 1}]"

    def _pair(self, table: str) -> None:
        line = self._line()
        path = table
        for name in self._key():
            path = _join(path, name)
            self._lines.setdefault(path, line)
        self._take("=")
        self._skip_blank()
        self._value(path)

    def _key(self) -> list[str]:
        parts = [self._key_part()]
        while self._take("."):
            parts.append(self._key_part())
        return parts

    def _key_part(self) -> str:
        self._skip_blank()
        bare = self._match(_BARE_KEY)
        if bare is None:
            return str(tomllib.loads(f"text = {self._string()}")["text"])
        self._skip_blank()
        return bare

    def _value(self, path: str) -> None:
        if self._take("["):
            self._list(path)
        elif self._take("{"):
            self._inline_table(path)
        elif not self._string():
            self._match(_PLAIN)

    def _list(self, path: str) -> None:
        n_items = 0
        while not self._take("]"):
            item = f"{path}[{n_items}]"
            self._lines[item] = self._line()
            self._value(item)
            self._take(",")
            n_items += 1

    def _inline_table(self, path: str) -> None:
        while not self._take("}"):
            self._pair(path)
            self._take(",")

    def _string(self) -> str:
        found = next(filter(None, map(self._match, _STRINGS)), "")
        self._skip_blank()
        return found

    def _take(self, mark: str) -> bool:
        """Step over a mark, and the blanks around it, if it stands here."""
        self._skip_blank()
        if not self._text.startswith(mark, self._at):
            return False
        self._at += len(mark)
        self._skip_blank()
        return True

    def _skip_blank(self) -> None:
        self._match(_BLANK)

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found.group()

    def _line(self) -> int:
        return bisect.bisect_left(self._newlines, self._at) + 1


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
