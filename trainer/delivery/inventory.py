"""The hosts of a push: from the command line, and from a file that may be Ansible's."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.errors import NoInputError, UsageError

_SKIPPED_SECTIONS: Final = (":vars", ":children")
_RANGE: Final = "["


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """A device as its owner calls it, and as ssh shall call it."""

    name: str
    destination: str


def hosts(named: Iterable[str], *, inventory: Path | None) -> list[Host]:
    """Return all hosts, each once, in the order in which they are named.

    Raises
    ------
    NoInputError
        If the inventory is absent.
    UsageError
        If a name cannot be one of a host, or none is named at all.
    """
    found = [_host(name, {}, where="the command line") for name in named]
    found += _from_file(inventory) if inventory else []
    if not found:
        raise UsageError("no host is named; name hosts as ssh knows them, or give --inventory FILE")
    first: dict[str, Host] = {}
    for host in found:
        first.setdefault(host.destination, host)
    return list(first.values())


def _from_file(path: Path) -> list[Host]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NoInputError(f"{path}: no such inventory; check --inventory") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as an inventory: {error}") from error
    found, is_skipped = [], False
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}, line {number}"
        words = _words(line, where)
        if len(words) == 1 and words[0].startswith("[") and words[0].endswith("]"):
            is_skipped = words[0].removesuffix("]").endswith(_SKIPPED_SECTIONS)
        elif words and not is_skipped:
            found.append(_host(words[0], _variables(words[1:], where), where=where))
    return found


def _words(line: str, where: str) -> list[str]:
    # In an INI file of Ansible's, ";" begins a comment, too.
    if line.lstrip().startswith(";"):
        return []
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise UsageError(f"{where}: {error}; expected one host a line") from error


def _variables(words: list[str], where: str) -> dict[str, str]:
    strange = [word for word in words if "=" not in word]
    if strange:
        raise UsageError(
            f"{where}: {strange[0]!r} after a host; expected one host a line, or NAME=VALUE "
            "as Ansible has it"
        )
    return dict(word.split("=", 1) for word in words)


def _host(name: str, variables: dict[str, str], *, where: str) -> Host:
    address = variables.get("ansible_host", name)
    if user := variables.get("ansible_user"):
        address = f"{user}@{address}"
    if port := variables.get("ansible_port"):
        address = f"ssh://{address}:{port}"
    for word in (name, address):
        _refuse_strange(word, where)
    return Host(name=name, destination=address)


def _refuse_strange(name: str, where: str) -> None:
    """Refuse what ssh would take for an option, and what is no name of a host."""
    if not name or name.startswith("-") or not name.isprintable() or " " in name:
        raise UsageError(f"{where}: {name!r} is no host; expected one as in pi@kitchen.local")
    if _RANGE in name and not name.startswith("ssh://"):
        raise UsageError(
            f"{where}: {name!r} is a range of Ansible's, which is not understood here; "
            "write one host a line"
        )
