"""The folder of wheels that the installer takes instead of a network."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

from tests.pi.card import PARTS, copy_of_the_tree, layer
from tests.pi.tools import cache, run, say
from tests.support import REPOSITORY

# glibc of Debian 12 and older.
_PLATFORMS: Final = ("manylinux_2_34_aarch64", "manylinux_2_28_aarch64", "manylinux_2_27_aarch64")
_OLD_PLATFORMS: Final = ("manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64")
_PIP: Final = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def gather(root: Path, target: Path) -> None:
    """Fill the folder with this program's own wheel and all that it needs on a Pi."""
    target.mkdir(parents=True)
    own = _build_own(target)
    key = hashlib.sha256((REPOSITORY / "setup.py").read_bytes()).hexdigest()[:8]
    folder = cache("pi") / f"wheels-{key}"
    if not folder.is_dir():
        partial = cache("pi", "wheels.partial")
        shutil.copy(_pyaudio(root), partial)
        say("fetching the Pi's wheels")
        _download(own, partial)
        for old in cache("pi").glob("wheels-*"):
            shutil.rmtree(old)
        partial.rename(folder)
    for wheel in folder.glob("*.whl"):
        shutil.copy(wheel, target)


def _build_own(target: Path) -> Path:
    """Build in a copy: setuptools would leave its folders in the tree."""
    source = target.with_name("source")
    copy_of_the_tree(source, *PARTS)
    run(*_PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", target, source)
    shutil.rmtree(source)
    return next(target.glob("*.whl"))


def _download(own: Path, target: Path) -> None:
    platforms = [f"--platform={name}" for name in (*_PLATFORMS, *_OLD_PLATFORMS)]
    run(
        *(*_PIP, "download", "--only-binary=:all:", "--python-version=3.11", *platforms),
        *("--find-links", target, "--dest", target, f"{own}[pi,care]"),
    )
    (target / own.name).unlink(missing_ok=True)


def _pyaudio(root: Path) -> Path:
    """Compile PyAudio in the Pi's own root, under user-mode emulation; once."""
    folder = cache("pi", "pyaudio")
    for wheel in folder.glob("*.whl"):
        return wheel
    say("compiling PyAudio for arm64 (emulated, minutes)")
    sources = cache("pi", "pyaudio", "sources")
    run(*_PIP, "download", "--no-deps", "--no-binary=PyAudio", "--dest", sources, "PyAudio==0.2.14")
    run(*_PIP, "download", "--dest", sources, "setuptools<81", "wheel")
    with layer(root, folder / "layer") as merged:
        shutil.copytree(sources, merged / "srv/sources")
        _chroot(merged, "python3 -m venv /srv/venv")
        _chroot(
            merged,
            "/srv/venv/bin/pip wheel --no-index --find-links /srv/sources --no-deps "
            "--wheel-dir /srv/wheels PyAudio",
        )
        wheel = next((merged / "srv/wheels").glob("*.whl"))
        return Path(shutil.copy(wheel, folder))


def _chroot(merged: Path, command: str) -> None:
    clean = {"PATH": "/usr/bin:/usr/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
    run("chroot", merged, "sh", "-c", command, env={**clean, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
