"""Where settings are sought and where state lives: the system's folders, or the user's own."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAME: Final = "ser-edge"
SERVICE_USER: Final = "ser-edge"
CONFIG_VARIABLE: Final = "SER_EDGE_CONFIG"


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Files and folders as one process sees them.

    Attributes
    ----------
    environ : Mapping
        The environment.
    is_system : bool
        Whether the process is root or the service's user, and so works in the system's folders.
    root : Path
        ``/``; a test sets another.
    home : Path
        The user's home.
    """

    environ: Mapping[str, str]
    is_system: bool
    root: Path = Path("/")
    home: Path = Path("/")

    @classmethod
    def here(cls) -> Places:
        """Return the places of this process."""
        is_system = os.geteuid() == 0 or _user_name() == SERVICE_USER
        return cls(environ=os.environ, is_system=is_system, home=Path.home())

    def config_file(self, named: Path | None) -> Path | None:
        """Return the file to read: the one named, or the first that exists; None without any.

        A file that was named, on the command line or in ``SER_EDGE_CONFIG``, need not exist here:
        reading it will say so.
        """
        if named is not None:
            return named
        if variable := self.environ.get(CONFIG_VARIABLE):
            return Path(variable)
        return next((path for path in self._usual_config_files() if path.is_file()), None)

    def state_directory(self) -> Path:
        """Return the folder for what must outlive a restart: the log, models, calibration."""
        if granted := self._granted("STATE_DIRECTORY"):
            return granted
        if self.is_system:
            return self.system_state_directory
        return self._user_directory("XDG_STATE_HOME", ".local/state")

    def runtime_directory(self) -> Path:
        """Return the folder for what dies with the process: sockets, locks."""
        if granted := self._granted("RUNTIME_DIRECTORY"):
            return granted
        if self.is_system:
            return self.root / "run" / NAME
        if given := self.environ.get("XDG_RUNTIME_DIR"):
            return Path(given) / NAME
        return self.state_directory() / "run"

    @property
    def system_state_directory(self) -> Path:
        """The folder in which the service keeps its state."""
        return self.root / "var/lib" / NAME

    def _usual_config_files(self) -> list[Path]:
        system = self.root / "etc" / NAME / "config.toml"
        if self.is_system:
            return [system]
        return [self._user_directory("XDG_CONFIG_HOME", ".config") / "config.toml", system]

    def _granted(self, variable: str) -> Path | None:
        """Return what systemd made for the service; of several folders the first."""
        first = self.environ.get(variable, "").split(":")[0]
        return Path(first) if first else None

    def _user_directory(self, variable: str, default: str) -> Path:
        base = self.environ.get(variable)
        return (Path(base) if base else self.home / default) / NAME


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""
