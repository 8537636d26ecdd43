"""A machine that is a folder, for the installer: its Python, pip and users do as they are told."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.support import REPOSITORY

DEFAULT = Path("edge/config/default.toml")

# Makes environments whose commands fail at the step that $FAIL names, as real ones would.
PYTHON = """\
#!/bin/bash
case "$*" in
    *version_info*) echo "${VERSION:-3.11}" ;;
    -VV) echo "Python ${VERSION:-3.11}" ;;
    "-m venv "*)
        [ "$FAIL" != venv ] || { echo "no space left on device" >&2; exit 1; }
        mkdir -p "${@: -1}/bin"
        cp "$0" "${@: -1}/bin/python"
        cp "$0" "${@: -1}/bin/ser-edge" ;;
    "-m pip "*)
        [ "$FAIL" != hang ] || sleep 60
        [ "$FAIL" != pip ] || { echo "no matching distribution" >&2; exit 1; } ;;
    "-c import pyaudio"*) [ "$FAIL" != import ] || { echo "no libportaudio" >&2; exit 1; } ;;
    "selftest "*) [ "$FAIL" != selftest ] || { echo "golden mismatch" >&2; exit 65; } ;;
    "check-config "*) [ "$FAIL" != config ] || { echo "unknown key wrong" >&2; exit 78; } ;;
esac
"""
# What would change the machine that runs the tests, or ask what is on it.
PROGRAMS = {
    "apt-get": "exit 99",
    "df": 'echo "${FREE_MB:-9999}M"',
    "dpkg-query": "echo install ok installed",
    "getconf": 'echo "${BITS:-64}"',
    "getent": '[ -e "$SER_PREFIX/users" ] && [ "$1" != shadow ]',
    "groupadd": 'echo "$@" >>"$SER_PREFIX/groups"',
    "id": 'if [ "$1" = -u ]; then echo "${USER_ID:-0}"; else cat "$SER_PREFIX/users"; fi',
    "setpriv": 'while [[ $1 == -* || $1 == env || $1 == *=* ]]; do shift; done; exec "$@"',
    "useradd": 'echo ser-edge >"$SER_PREFIX/users"',
    "userdel": 'rm "$SER_PREFIX/users"',
    "usermod": 'echo "$2" >>"$SER_PREFIX/users"',
}


class Machine:
    """A folder for ``/``, and what the installer says and does there."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "machine"
        self.source = folder / "clone"
        self._bin = folder / "bin"
        for path in (self.root / "var/lib", self._bin):
            path.mkdir(parents=True)
        for name, body in {**PROGRAMS, "python": PYTHON}.items():
            script = self._bin / name
            script.write_text(body if name == "python" else f"#!/bin/bash\n{body}\n")
            script.chmod(0o755)
        # The installed service's user owns nothing on the machine that runs the tests.
        (self._bin / "install").write_text(
            '#!/bin/bash\nif [ "$1" = -d ]; then mkdir -p "${@: -1}"; '
            'else exec /usr/bin/install "$@"; fi\n'
        )
        (self._bin / "install").chmod(0o755)

    def clone(self) -> None:
        """Copy what the installer needs of this repository."""
        self.source.mkdir()
        for name in ("firmware_config", "systemd"):
            shutil.copytree(REPOSITORY / name, self.source / name)
        for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
            shutil.copy(REPOSITORY / name, self.source / name)
        for name in ("edge/__init__.py", str(DEFAULT)):
            (self.source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, self.source / name)
        (self.source / "trainer").mkdir()

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "SER_PREFIX": str(self.root),
            "SER_PYTHON": str(self._bin / "python"),
            "TMPDIR": str(self.root.parent),
            "FAIL": "",
            **more,
        }

    def command(self, *options: str) -> list[str]:
        return [str(self.source / "firmware_config/install.sh"), *options]

    def run(self, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*options),
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def installed(self, *options: str) -> list[str]:
        """Install, and return the lines that it said."""
        finished = self.run(*options)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.splitlines()

    def files(self) -> dict[str, str]:
        """Return every file and link with its content."""
        return {
            path.relative_to(self.root).as_posix(): (
                f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
            )
            for path in sorted(self.root.rglob("*"))
            if (path.is_file() or path.is_symlink()) and path.name != "ser-edge-install.lock"
        }

    @property
    def releases(self) -> list[str]:
        return sorted(path.name for path in (self.root / "opt/ser-edge/releases").iterdir())

    @property
    def current(self) -> str:
        return (self.root / "opt/ser-edge/current").resolve().name

    @property
    def config(self) -> Path:
        return self.root / "etc/ser-edge/config.toml"

    def change_source(self, name: str = "edge/__init__.py", text: str = "# later\n") -> None:
        path = self.source / name
        path.write_text(path.read_text() + text)
