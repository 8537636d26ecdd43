"""Takes out of a text what nobody who helps needs: secrets, addresses, names of people."""

from __future__ import annotations

import platform
import pwd
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edge.config.places import NAME

GONE: Final = "[redacted]"

SECRET_KEY: Final = re.compile(
    r"passw|passphrase|secret|token|api_?key|credential|psk|ssid|authori[sz]ation|cookie|private_?key"
    r"|webhook|chat_?id|topic|user_?name|^user$|^key$",
    re.IGNORECASE,
)
"""Names of settings whose values are nobody's business."""

_PIECES: Final = (
    # A block of a key, a public key, what signs in to a web server.
    (re.compile(r"-----BEGIN [^-]+-----.*?(?:-----END [^-]+-----|\Z)", re.DOTALL), "[key]"),
    (re.compile(r"\b((?:ssh|ecdsa|sk)-[\w@.-]+) AAAA[\w+/=]+"), r"\1 [key]"),
    (re.compile(r"(?i)\b(bearer|basic) [\w+/=.~-]{6,}"), rf"\1 {GONE}"),
    # Any address in a network, with what may stand in it.
    (re.compile(r"\b([a-z][a-z0-9+.-]*)://[^\s\"'<>\\]+", re.IGNORECASE), rf"\1://{GONE}"),
    (re.compile(r"[\w.+-]+@[A-Za-z][\w.-]*\w"), "[address]"),
    (re.compile(r"\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\b"), "[address]"),
    (re.compile(r"(?<!==)(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"), "[address]"),
    (re.compile(r"(?i)\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b"), "[address]"),
    (re.compile(r"(?i)\b[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*::[0-9a-f:]*[0-9a-f]\b"), "[address]"),
    # Tokens as well-known services make them, and JSON Web Tokens.
    (re.compile(r"\b(?:gh[pousr]|github_pat|tk|glpat|xox[abprs]|sk|AKIA)[_-]?[\w-]{16,}"), GONE),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), GONE),
    (re.compile(r"\b\d{8,10}:[\w-]{30,}"), GONE),
    # A setting, wherever it is told: key = value, "key": "value", --key value.
    (
        re.compile(
            r"(?i)([\w.-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|credential|psk|ssid|"
            r"authori[sz]ation|cookie|private[_-]?key)[\w.-]*[\"']?(?:\s*[=:]\s*|\s+is\s+))"
            r"(?!\[)(?:\"[^\"]*\"|'[^']*'|[^\s,;}\"']+)"
        ),
        rf"\1{GONE}",
    ),
    (re.compile(r"(?i)(\bserial(?:number)?\b\s*[:=]\s*)[\w-]+"), rf"\1{GONE}"),
    (re.compile(r"(/home/|/Users/)[^/\s\"':]+"), r"\1[user]"),
)
_SHORTEST_NAME: Final = 4
_FIRST_PERSON: Final = 1000
_NOBODY: Final = 65534
_COMMON: Final = {"localhost", "raspberrypi", "debian", "nobody", "user", NAME}


@dataclass(frozen=True, kw_only=True, slots=True)
class Redactor:
    """Redacts texts, and JSON as `json.loads` gives it.

    Parameters
    ----------
    words : Mapping
        Whole words to replace, each with what is put there.
    secrets : sequence of str
        Texts that are taken out wherever they stand, whole words or not.
    """

    words: Mapping[str, str]
    secrets: Sequence[str] = ()

    def text(self, text: str) -> str:
        """Return the text without what must not be told."""
        text = text.replace("\0", "")
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, GONE)
        for pattern, instead in _PIECES:
            text = pattern.sub(instead, text)
        for word in sorted(self.words, key=len, reverse=True):
            text = re.sub(rf"(?<![\w]){re.escape(word)}(?![\w])", self.words[word], text)
        return text

    def table(self, value: Any, *, key: str = "") -> Any:
        """Return a value of JSON with its texts redacted, and all of a secret setting."""
        if key and SECRET_KEY.search(key) and value not in (None, "", False, True):
            return GONE
        if isinstance(value, Mapping):
            return {self.text(name): self.table(one, key=name) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.table(one, key=key) for one in value]
        return self.text(value) if isinstance(value, str) else value


def people() -> dict[str, str]:
    """Return the names of this machine and of those who have an account, each with its stand-in."""
    entries = [entry for entry in pwd.getpwall() if _FIRST_PERSON <= entry.pw_uid < _NOBODY]
    real = (entry.pw_gecos.split(",")[0].strip() for entry in entries)
    names = dict.fromkeys((*(entry.pw_name for entry in entries), *real), "[user]")
    names[platform.node()] = "[host]"
    return {
        name: instead
        for name, instead in names.items()
        if len(name) >= _SHORTEST_NAME and name.lower() not in _COMMON
    }


def secrets_in(table: object, *, key: str = "") -> Iterator[str]:
    """Yield the texts of a table that are secrets: by their setting's name, or as an address."""
    if isinstance(table, Mapping):
        for name, value in table.items():
            yield from secrets_in(value, key=name)
    elif isinstance(table, list | tuple):
        for value in table:
            yield from secrets_in(value, key=key)
    elif isinstance(table, str) and len(table) >= _SHORTEST_NAME and _is_secret(key, table):
        yield table


def _is_secret(key: str, value: str) -> bool:
    return SECRET_KEY.search(key) is not None or "://" in value
