"""Put the settings together: command line over environment over file over default."""

from __future__ import annotations

import copy
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edge.config.checks import cross_faults
from edge.config.environment import accepts_none, from_environment, settings, variable_of
from edge.config.former import read_former
from edge.config.locate import line_of, locate
from edge.config.places import Places
from edge.config.settings import Config
from edge.contract.tables import Problem, TableError, from_table
from edge.errors import ConfigError

DEFAULT_FILE: Final = Path(__file__).with_name("default.toml")
"""The commented file that says what each setting means; it sets every default."""

COMMAND_LINE: Final = "command line"
ABSENT: Final = "none"
"""How a file or a variable says "absent" or "as the model proposes"; TOML has no null."""

_PATHS: Final = (
    "model.path",
    "log.path",
    "store.signers",
    "mqtt.ca_file",
    "mqtt.password_file",
    "heartbeat.url_file",
    "dashboard.certificate",
    "dashboard.key",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something wrong with the settings."""

    origin: str
    """``"/etc/ser-edge/config.toml:12"``, ``"environment SER_EDGE_LOG_PATH"``, the command line."""
    path: str
    """The setting, or nothing where it is the file as a whole."""
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.origin, self.path, self.message) if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """The settings and where they came from."""

    config: Config
    file: Path | None
    """The file that was read; None where there was none."""
    origins: Mapping[str, str]
    """Who set each setting that is not at its default, by path."""


class FaultyConfigError(ConfigError):
    """Settings with faults; `faults` holds every one."""

    def __init__(self, faults: list[Fault]) -> None:
        lines = "\n".join(f"  {fault}" for fault in faults)
        noun = "fault" if len(faults) == 1 else "faults"
        super().__init__(f"the settings have {len(faults)} {noun}:\n{lines}")
        self.faults = tuple(faults)


def load_config(
    *,
    file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    places: Places | None = None,
) -> Loaded:
    """Read, merge and check all settings.

    Parameters
    ----------
    file : Path, optional
        The file that the command line names; otherwise it is sought (see `Places.config_file`).
    overrides : Mapping, optional
        Settings from the command line by path: ``{"audio.device": "USB"}``.
    places : Places, optional
        Where to look; of this process by default.

    Raises
    ------
    FaultyConfigError
        A `ConfigError` with every fault, each with its file and line or its variable.
    """
    places = places or Places.here()
    path = places.config_file(file)
    source = _Source(path) if path is None else _read(path)
    merged = _Merged(source)
    merged.add_environment(places.environ)
    for name, value in (overrides or {}).items():
        merged.put(name, value, origin=COMMAND_LINE)
    return Loaded(config=merged.build(), file=path, origins=merged.origins())


def log_file(config: Config, places: Places) -> Path:
    """Return where the log lives."""
    return Path(config.log.path) if config.log.path else places.state_directory() / "log.db"


@dataclass(frozen=True, slots=True)
class _Source:
    """A file as it was parsed; empty where there is none."""

    path: Path | None
    table: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def _read(path: Path) -> _Source:
    text = _text(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FaultyConfigError([_syntax_fault(path, text, str(error))]) from error
    return _Source(path, table, locate(text))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = "expected UTF-8 text; save the file with that encoding"
        raise FaultyConfigError(
            [Fault(origin=f"{path}:{line}", path="", message=message)]
        ) from error
    except OSError as error:
        message = f"cannot be read: {error.strerror}; name another file with --config"
        raise FaultyConfigError([Fault(origin=str(path), path="", message=message)]) from error


def _syntax_fault(path: Path, text: str, message: str) -> Fault:
    found = re.search(r" \(at line (\d+), column \d+\)$", message)
    line = int(found.group(1)) if found else text.count("\n") + 1
    what = message[: found.start()] if found else message.removesuffix(" (at end of document)")
    return Fault(origin=f"{path}:{line}", path="", message=f"not TOML: {what}")


class _Merged:
    """One table out of all sources, which remembers who said what."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._table = copy.deepcopy(source.table)
        self._origins: dict[str, str] = {}
        self._faults: list[Fault] = []

    def add_environment(self, environ: Mapping[str, str]) -> None:
        values, faults = from_environment(environ)
        for path, value in values.items():
            self.put(path, value, origin=f"environment {variable_of(path)}")
        self._faults += [
            Fault(origin=f"environment {name}", path="", message=message)
            for name, message in sorted(faults.items())
        ]

    def put(self, path: str, value: object, *, origin: str) -> None:
        """Set one setting over what stands there; a section that is no table stays a fault."""
        section, key = path.split(".")
        table = self._table.setdefault(section, {})
        if isinstance(table, dict):
            table[key] = value
            self._origins[path] = origin

    def origins(self) -> dict[str, str]:
        """Return who set each setting that the file, the environment or the command line sets."""
        in_file = [path for path in self._source.lines if path in settings()]
        rules = [path for path in self._source.lines if path.startswith(("alert[", "channel["))]
        return {path: self._origin(path) for path in (*in_file, *rules, *self._origins)}

    def build(self) -> Config:
        read_former(self._table)
        self._read_absent()
        self._resolve_paths()
        config = None
        problems = cross_faults(self._table)
        try:
            config = from_table(Config, self._table, path="")
        except TableError as error:
            told = {problem.path for problem in problems}  # in better words
            problems = [*(p for p in error.problems if p.path not in told), *problems]
        problems.sort(key=self._line_or_end)
        faults = [self._fault(problem) for problem in problems] + self._faults
        if config is None or faults:
            raise FaultyConfigError(faults)
        return config

    def _read_absent(self) -> None:
        for path, hint in settings().items():
            table, key = self._place(path)
            if accepts_none(hint) and table.get(key) == ABSENT:
                table[key] = None

    def _place(self, path: str) -> tuple[dict[str, Any], str]:
        """Return the section of a setting, empty where it is no table, and the setting's key."""
        section, key = path.split(".")
        table = self._table.get(section)
        return (table if isinstance(table, dict) else {}), key

    def _resolve_paths(self) -> None:
        """A relative path in a file starts from the file, so that it means the same everywhere."""
        if self._source.path is None:
            return
        for path in _PATHS:
            table, key = self._place(path)
            value = table.get(key)
            if isinstance(value, str) and value and path not in self._origins:
                table[key] = str(self._source.path.resolve().parent / value)
        channels = self._table.get("channel")
        for channel in channels if isinstance(channels, list) else ():
            if isinstance(channel, dict) and isinstance(value := channel.get("url_file"), str):
                channel["url_file"] = str(self._source.path.resolve().parent / value)

    def _fault(self, problem: Problem) -> Fault:
        return Fault(origin=self._origin(problem.path), path=problem.path, message=problem.message)

    def _line_or_end(self, problem: Problem) -> float:
        if _setting(problem.path) in self._origins:
            return math.inf
        return line_of(problem.path, self._source.lines) or math.inf

    def _origin(self, path: str) -> str:
        if _setting(path) in self._origins:
            return self._origins[_setting(path)]
        if self._source.path is None:
            return "defaults"
        line = line_of(path, self._source.lines)
        return str(self._source.path) if line is None else f"{self._source.path}:{line}"


def _setting(path: str) -> str:
    """Return the setting that a path is part of: ``"panel.leds"`` of ``"panel.leds.calm"``."""
    return ".".join(re.split(r"[.\[]", path)[:2])
