"""The walls between the rooms, and between the two packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import REPOSITORY, need

# What must never be imported on a Pi; matplotlib only when a plot is asked for.
HEAVY = (
    "audiomentations",
    "keras",
    "librosa",
    "matplotlib",
    "numba",
    "pandas",
    "scipy",
    "sklearn",
    "tensorflow",
    "trainer",
)

# What only edge.devices may need, and only when a device is opened.
DEVICES = ("gpiozero", "lgpio", "pyaudio", "soundfile")

# Imports each module that is named after the poison, and prints those that could not be.
IMPORT_POISONED = """
import importlib, sys
sys.modules.update(dict.fromkeys(sys.argv[1].split(",")))
for module in sys.argv[2:]:
    try:
        importlib.import_module(module)
    except ImportError as error:
        print(module, error)
"""


def modules_of(package: str) -> list[str]:
    """Return the dotted names of all modules of a package."""
    sources = sorted((REPOSITORY / package).rglob("*.py"))
    return [
        ".".join(source.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
        for source in sources
        if source.name != "__main__.py"
    ]


def output_of(*command: str) -> str:
    """Run a command in the repository and return what it prints, errors included."""
    finished = subprocess.run(
        command,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return finished.stdout


def import_poisoned(modules: list[str], *, poison: tuple[str, ...]) -> str:
    """Import modules in a new process in which the poisoned names cannot be imported."""
    return output_of(sys.executable, "-c", IMPORT_POISONED, ",".join(poison), *modules)


def test_contracts_of_import_linter_are_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    need(linter.exists(), "import-linter")
    assert ", 0 broken." in (output := output_of(str(linter), "--no-cache")), output


def test_edge_imports_without_the_heavy_libraries() -> None:
    assert not import_poisoned(modules_of("edge"), poison=HEAVY + DEVICES)


def test_poison_works() -> None:
    assert "edge.dsp.mel" in import_poisoned(["edge.dsp.mel"], poison=("numpy",))
