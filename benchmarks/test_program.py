"""What the whole program costs: processor time, start and memory, each in a process of its own.

Usage: python -m pytest benchmarks/test_program.py [--hours H] [--speech FILE]
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.program import pipeline_cpu_s, run_memory_mb, start_to_result_s, stream_cost_ms

Figures = dict[str, float | list[float]]


@pytest.mark.parametrize("rate_hz", [16000, 48000])
def test_pipeline(rate_hz: int, speech_file: Path, figures: Figures) -> None:
    what = f"pipeline, CPU s for an hour of speech, microphone at {rate_hz // 1000} kHz"
    figures[what] = pipeline_cpu_s(speech_file, rate_hz=rate_hz)


def test_start_to_first_result(speech_file: Path, figures: Figures) -> None:
    wall_s, cpu_s = start_to_result_s(speech_file)
    figures["start to first result, s of wall clock"] = wall_s
    figures["start to first result, s of CPU"] = cpu_s


def test_memory(speech_file: Path, figures: Figures, pytestconfig: pytest.Config) -> None:
    hours = pytestconfig.getoption("--hours")
    peak_mb, resident_mb = run_memory_mb(speech_file, hours=hours)
    figures[f"ser-edge run, peak MB over {hours:g} h"] = peak_mb
    figures["ser-edge run, MB over the run"] = resident_mb


def test_stream_over_hours(
    speech_file: Path, figures: Figures, pytestconfig: pytest.Config
) -> None:
    hours = pytestconfig.getoption("--hours")
    what = f"front end, CPU ms per second of sound in each tenth of {hours:g} h"
    figures[what] = stream_cost_ms(speech_file, hours=hours)
