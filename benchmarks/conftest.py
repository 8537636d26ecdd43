"""What the benchmarks share: one thread, the speech, and the table at the end."""

# ruff: noqa: E402 - the number of threads is settled before numpy is imported

from __future__ import annotations

import os

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import statistics
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.service.machine import this_machine

SPEECH = Path(__file__).resolve().parent.parent / "edge" / "samples" / "room.flac"

FIGURES: pytest.StashKey[dict[str, float | list[float]]] = pytest.StashKey()
MISSING: pytest.StashKey[dict[tuple[str, str], str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("speech-emotion-edge")
    group.addoption("--speech", type=Path, default=SPEECH, help="recording to measure on, 16 kHz")
    group.addoption("--passes", type=int, default=20, help="turns of each contender (default: 20)")
    group.addoption(
        "--hours", type=float, default=1.0, help="sound for `ser-edge run` (default: 1)"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = {}
    config.stash[MISSING] = {}


@pytest.fixture(scope="session")
def speech_file(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.getoption("--speech")


@pytest.fixture(scope="session")
def speech(speech_file: Path) -> NDArray[np.float32]:
    """Return three seconds at 16 kHz."""
    import soundfile

    return soundfile.read(speech_file, dtype="float32")[0][: 3 * 16000]


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> dict[str, float | list[float]]:
    """Return what collects the figures that are no times of a function."""
    return pytestconfig.stash[FIGURES]


@pytest.fixture(scope="session")
def missing(pytestconfig: pytest.Config) -> dict[tuple[str, str], str]:
    """Return what collects the peers that are not installed, by row and name."""
    return pytestconfig.stash[MISSING]


def medians_ms(config: pytest.Config) -> dict[str, dict[str, float]]:
    """Return each contender's median over all rounds of all passes, by row."""
    times_s: dict[tuple[str, str], list[float]] = defaultdict(list)
    for found in config._benchmarksession.benchmarks:  # noqa: SLF001 - there is no public way
        divisor = found.extra_info["divisor"]
        spent_s = times_s[found.group, found.extra_info["contender"]]
        spent_s += [time_s / divisor for time_s in found.stats.data]
    rows: dict[str, dict[str, float]] = defaultdict(dict)
    for (row, contender), spent_s in times_s.items():
        rows[row][contender] = 1e3 * statistics.median(spent_s)
    return rows


def table(rows: dict[str, dict[str, float]], missing: dict[tuple[str, str], str]) -> list[str]:
    """Return the lines of the table; the first contender of a row is ours."""
    lines = ["| measure | contender | median ms | ours over this |", "|---|---|---:|---:|"]
    for row, contenders in rows.items():
        ours_ms = next(iter(contenders.values()))
        lines += [
            f"| {row} | {contender} | {ms:.3f} | {ours_ms / ms:.2f} |"
            for contender, ms in contenders.items()
        ]
        lines += [
            f"| {row} | {who} | missing: {why} | |"
            for (of, who), why in missing.items()
            if of == row
        ]
    return lines


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    lines = [str(this_machine()), ""]
    lines += table(medians_ms(config), config.stash[MISSING])
    for name, value in config.stash[FIGURES].items():
        lines.append(f"{name}: {value if isinstance(value, list) else round(value, 2)}")
    terminalreporter.write_line("\n" + "\n".join(lines))


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, object]) -> None:
    output_json["medians_ms"] = medians_ms(config)
    output_json["program"] = config.stash[FIGURES]
