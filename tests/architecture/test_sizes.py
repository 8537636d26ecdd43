"""Small files, short functions: where a codebase of this field decayed, it was in one long one."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import REPOSITORY

N_LINES_OF_FILE = 300
N_LINES_OF_FUNCTION = 60
N_LINES_OF_MEDIAN_FUNCTION = 6
N_WORDS_OF_PACKAGE = 8

# A longer file, with the reason that it is one.
LONG_FILES: dict[str, str] = {}

SOURCES = sorted(
    path for package in ("edge", "trainer") for path in REPOSITORY.glob(f"{package}/**/*.py")
)


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def n_lines_of_body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function, less its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def n_lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_files_are_short() -> None:
    long = {name_of(path): n for path in SOURCES if (n := n_lines_of(path)) > N_LINES_OF_FILE}
    assert long.keys() == LONG_FILES.keys(), long


def test_functions_are_short() -> None:
    long = {
        f"{name_of(path)}: {function.name}": n
        for path in SOURCES
        for function in functions_of(path)
        if (n := n_lines_of_body(function)) > N_LINES_OF_FUNCTION
    }
    assert not long


@pytest.mark.parametrize("package", ["edge", "trainer"])
def test_most_functions_are_very_short(package: str) -> None:
    lengths = [
        n_lines_of_body(function)
        for path in SOURCES
        if name_of(path).startswith(f"{package}/")
        for function in functions_of(path)
    ]
    assert statistics.median(lengths) <= N_LINES_OF_MEDIAN_FUNCTION


def test_packages_say_what_lives_in_them() -> None:
    inits = {folder / "__init__.py" for folder in {path.parent for path in SOURCES}}
    silent = [
        name_of(init)
        for init in sorted(inits)
        if not init.exists() or len(docstring_of(init).split()) < N_WORDS_OF_PACKAGE
    ]
    assert not silent


def docstring_of(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
