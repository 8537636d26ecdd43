"""What the files of the repository may hold, and whether setup.py tells the truth about them."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import setuptools
from packaging.requirements import Requirement

from tests.support import REPOSITORY, need

IGNORED_FOLDERS = {".git", "__pycache__", "runs", "build", "dist"}
SUFFIXES_OF_TEXT = {
    "",
    ".cfg",
    ".ini",
    ".json",
    ".md",
    ".py",
    ".sh",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
}

FOREIGN = {
    "a path of one machine": r"/(root|home/(?!ser|pi|marianne)\w+|opt/wheels|opt/pypi|work)/[\w.]",
    "a host of a registry": (
        r"[-\w]*(artifact|egress)[-\w]*\.\w+/|pypi\.org/simple|pythonhosted\.org"
        r"|deb\.debian\.org|registry\.npmjs\.org"
    ),
    "a private address": r"\b10\.\d+\.\d+\.\d+\b",
}
# This file itself, and the bare roots of script/test-bare, which have a layout of their own.
OWN_PATHS = {"script/test-bare", "tests/architecture/test_repository.py"}

# Import name -> distribution, where they differ.
DISTRIBUTIONS = {
    "ai_edge_litert": "ai-edge-litert",
    "paho": "paho-mqtt",
    "pyaudio": "PyAudio",
    "tflite_runtime": "tflite-runtime",
    "tensorflow": "tensorflow-cpu",
}
# edge.infer chooses a runtime by its name, gpiozero the library of the pins.
LOADED_BY_NAME = {"ai-edge-litert", "lgpio", "tflite-runtime"}
EXTRAS_OF_EDGE = ("", "pi", "tflite", "care", "plot")
EXTRAS_OF_TRAINER = ("", "plot", "trainer", "dask")


def texts() -> Iterator[Path]:
    """Yield the files of the repository that people read or programs run."""
    for folder, subfolders, names in os.walk(REPOSITORY):
        subfolders[:] = [
            name
            for name in subfolders
            if name not in IGNORED_FOLDERS
            and not name.startswith((".venv", ".mypy", ".pytest", ".ruff", ".hypothesis"))
            and not name.endswith(".egg-info")
        ]
        for path in (Path(folder, name) for name in names):
            if (
                path.suffix in SUFFIXES_OF_TEXT
                and path.is_file()
                and path.stat().st_size < 1_000_000
            ):
                yield path


@pytest.fixture(scope="module")
def metadata() -> dict[str, object]:
    """Return what setup.py passes to setuptools."""
    caught: dict[str, object] = {}
    original = setuptools.setup
    setuptools.setup = caught.update
    try:
        runpy.run_path(str(REPOSITORY / "setup.py"))
    finally:
        setuptools.setup = original
    # setup(**keywords) calls update(**keywords)
    return caught


def imports_of(package: str) -> set[str]:
    """Return the top-level names that a package imports from outside itself."""
    found: set[str] = set()
    for path in (REPOSITORY / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"edge", "trainer"}


def names_in(metadata: dict[str, object], extras: tuple[str, ...]) -> set[str]:
    """Return the distributions that the extras bring; "" is what always comes."""
    by_extra = {"": metadata["install_requires"], **metadata["extras_require"]}
    return {Requirement(line).name.lower() for extra in extras for line in by_extra[extra]}


@pytest.mark.parametrize("meaning", FOREIGN)
def test_no_file_names_this_machine(meaning: str) -> None:
    found = [
        f"{name}: {match.group()}"
        for path in texts()
        if (name := path.relative_to(REPOSITORY).as_posix()) not in OWN_PATHS
        for match in re.finditer(FOREIGN[meaning], path.read_text(encoding="utf-8"))
    ]
    assert not found


@pytest.mark.parametrize(
    ("package", "extras"), [("edge", EXTRAS_OF_EDGE), ("trainer", EXTRAS_OF_TRAINER)]
)
def test_every_import_is_declared(
    package: str, extras: tuple[str, ...], metadata: dict[str, object]
) -> None:
    imported = {DISTRIBUTIONS.get(name, name).lower() for name in imports_of(package)}
    assert not imported - names_in(metadata, extras)


def test_every_declared_library_of_the_edge_is_imported(metadata: dict[str, object]) -> None:
    imported = {DISTRIBUTIONS.get(name, name).lower() for name in imports_of("edge")}
    assert not names_in(metadata, EXTRAS_OF_EDGE) - imported - LOADED_BY_NAME


def test_a_pi_never_installs_the_trainers_libraries(metadata: dict[str, object]) -> None:
    on_the_pi = names_in(metadata, EXTRAS_OF_EDGE)
    assert not on_the_pi & {"tensorflow", "tensorflow-cpu", "keras", "librosa", "numba"}


def test_package_data_exists(metadata: dict[str, object]) -> None:
    for package, patterns in metadata["package_data"].items():
        for pattern in patterns:
            assert list((REPOSITORY / package).glob(pattern)), f"{package}/{pattern}"


def test_version_is_the_packages_own(metadata: dict[str, object]) -> None:
    from edge import __version__

    assert metadata["version"] == __version__
    assert f"[{__version__}]" in changelog() or "[Unreleased]" in changelog()


def changelog() -> str:
    return (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")


def test_oldest_libraries_are_the_lower_ends_of_the_ranges(metadata: dict[str, object]) -> None:
    pins = {
        (pin := Requirement(line)).name.lower(): str(pin.specifier).removeprefix("==")
        for line in (REPOSITORY / "script" / "oldest.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    lines = [
        *metadata["install_requires"],
        *(line for extra in ("pi", "tflite", "plot") for line in metadata["extras_require"][extra]),
    ]
    for requirement in map(Requirement, lines):
        lowest = [s.version for s in requirement.specifier if s.operator in {">=", "=="}]
        if lowest:
            assert pins[requirement.name.lower()].startswith(lowest[0])


@pytest.mark.parametrize("command", ["ser-edge", "ser-trainer"])
def test_installed_command_knows_its_version(command: str) -> None:
    program = Path(sys.executable).with_name(command)
    need(program.exists(), f"{command}, installed by script/setup")
    finished = subprocess.run(
        [str(program), "--version"], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert importlib.metadata.version("speech-emotion-edge") in finished.stdout
