"""Starts the self-test of `edge.store.probe` and turns every way in which it may end into words."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import edge
from edge.contract.manifest import Manifest, parse_manifest
from edge.errors import ProbeError
from edge.infer.interpreter import RuntimeName

_MORE_MEMORY_PER_BYTE: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a self-test may take before it is ended."""

    memory_mb: int = 512
    """Address space beyond that of Python and the runtime, and beyond four times the file."""
    cpu_s: int = 60
    wall_s: int = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """A model that passed its self-test."""

    manifest: Manifest
    """As the file itself says."""
    sha256: str
    runtime: str
    golden_cases: tuple[str, ...]
    latency_ms: float
    """Longest time that it took for one hop."""
    hop_ms: float


def examine(
    path: Path,
    *,
    runtime: RuntimeName = "auto",
    n_threads: int = 1,
    limits: Limits | None = None,
) -> Examined:
    """Try a model in a process of its own.

    Raises
    ------
    ProbeError
        If it is damaged, answers wrongly, crashes, hangs, or needs too much time or memory.
    """
    held = limits or Limits()
    memory_mb = held.memory_mb + _MORE_MEMORY_PER_BYTE * path.stat().st_size // 10**6
    command = [sys.executable, "-m", "edge.store.probe", str(path.resolve())]
    command += ["--runtime", runtime, "--threads", str(n_threads)]
    command += ["--memory-mb", str(memory_mb), "--cpu-s", str(held.cpu_s)]
    command += ["--wall-s", str(held.wall_s + 1)]
    try:
        ended = subprocess.run(  # noqa: S603 - no shell, and every word is ours
            command,
            cwd=Path(edge.__file__).parents[1],  # where -m finds this very program
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=held.wall_s,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ProbeError(
            f"the model did not finish its self-test within {held.wall_s} s; do not use it"
        ) from error
    return _examined(_answer(ended, held))


def _answer(ended: subprocess.CompletedProcess[bytes], limits: Limits) -> dict[str, Any]:
    if ended.returncode < 0:
        raise ProbeError(_death(-ended.returncode, limits))
    try:
        answer: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise ProbeError(
            f"the self-test of the model ended with exit code {ended.returncode}: "
            f"{said[-1] if said else 'it said nothing'}"
        ) from error
    if "error" in answer:
        raise ProbeError(answer["error"])
    return answer


def _death(number: int, limits: Limits) -> str:
    if number == signal.SIGXCPU:
        return (
            f"the model's self-test took more than {limits.cpu_s} s of processor time; "
            "do not use it"
        )
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"the model crashed its self-test ({name}); do not use it"


def _examined(answer: dict[str, Any]) -> Examined:
    return Examined(
        manifest=parse_manifest(json.dumps(answer["manifest"]), source="the model file"),
        sha256=answer["sha256"],
        runtime=answer["runtime"],
        golden_cases=tuple(answer["golden_cases"]),
        latency_ms=answer["latency_ms"],
        hop_ms=answer["hop_ms"],
    )
