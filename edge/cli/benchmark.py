"""`ser-edge benchmark`: how fast this machine is, and whether that is enough."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.app import models
from edge.config.load import load_config
from edge.dsp.resample import resample
from edge.errors import EXIT_OK, UsageError
from edge.infer.classifier import EmotionClassifier
from edge.service import machine
from edge.service.benchmark import Duration, Speed, measure

EXAMPLES = """\
  ser-edge benchmark
  ser-edge benchmark --rate 44100 --seconds 120
  ser-edge benchmark --json > pi4.json
"""

_LONGEST_S = 3600.0

_SPEECH_S = 10
"""Enough for variety; more would only show in the peak memory."""

_BUSY = 1.5
"""Wall clock over processor time from which others evidently had the processor too."""

_BUSY_NOTE = "other programs had the processor too: the figures are worse than on an idle machine"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="sound to time, 1 to 3600 seconds (30)"
    )
    parser.add_argument(
        "--rate", type=int, default=48000, help="rate of the microphone in Hz (48000)"
    )
    parser.add_argument("--model", type=Path, help="a .tflite; the configured one if left out")
    parser.add_argument("--runtime", choices=["auto", "litert", "tflite-runtime"])
    parser.add_argument("--config", type=Path, help="configuration file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(arguments: argparse.Namespace) -> int:
    """Measure and print the figures and the verdict."""
    if not 1.0 <= arguments.seconds <= _LONGEST_S:
        raise UsageError(
            f"--seconds is {arguments.seconds:g}, expected 1 to {_LONGEST_S:g}; 30 is a good choice"
        )
    config = load_config(file=arguments.config).config
    classifier = models.open_classifier(config, model=arguments.model, runtime=arguments.runtime)
    cool_c = machine.temperature_c()
    speed = measure(
        classifier,
        _speech(classifier.bundle.manifest.features.sample_rate_hz),
        microphone_rate_hz=arguments.rate,
        block_ms=config.audio.block_ms,
        duration_s=arguments.seconds,
    )
    report = _report(classifier, speed, cool_c=cool_c)
    print(json.dumps(report) if arguments.json else "\n".join(_lines(report, speed)))
    return EXIT_OK


def verdict(speed: Speed, noun: str) -> str:
    """Return in one sentence whether the machine is fast enough."""
    factor = speed.times_over
    if factor < 1:
        return (
            f"{noun} does not keep up: it needs {1 / factor:.1f} s for a second of sound; "
            "take a faster one or a smaller model"
        )
    times = f"{factor:.0f}" if factor >= 10 else f"{factor:.1f}"
    if factor < 2:
        return f"{noun} keeps up with little to spare, {times} times over; run nothing else on it"
    return f"{noun} keeps up {times} times over"


def _speech(rate_hz: int) -> NDArray[np.float32]:
    blocks = list(models.recording_blocks(models.bundled_sample()))
    bundled_hz = blocks[0].sample_rate_hz
    samples = np.concatenate([block.samples for block in blocks])[: _SPEECH_S * bundled_hz]
    return resample(samples, rate_in_hz=bundled_hz, rate_out_hz=rate_hz)


def _report(classifier: EmotionClassifier, speed: Speed, *, cool_c: float | None) -> dict[str, Any]:
    manifest, this = classifier.bundle.manifest, machine.this_machine()
    return {
        "machine": asdict(this) | {"description": str(this)},
        "model": f"{manifest.name} {manifest.version}",
        "runtime": str(classifier.runtime),
        **asdict(speed),
        "share_of_core": speed.share_of_core,
        "peak_memory_mb": machine.peak_memory_mb(),
        "temperature_c": {"before": cool_c, "after": machine.temperature_c()},
        "throttling": machine.throttling(),
        "times_over": speed.times_over,
        "verdict": verdict(speed, this.noun),
    }


def _lines(report: dict[str, Any], speed: Speed) -> list[str]:
    rows = {**speed.stages, "whole pipeline": speed.pipeline}
    return [
        report["machine"]["description"],
        (
            f"{report['model']}, {report['runtime']}, microphone at {speed.microphone_rate_hz} Hz, "
            f"{speed.n_hops} hops of {speed.hop_ms:.0f} ms, every window classified"
        ),
        "",
        f"{'ms per hop':16}{'median':>9}{'worst':>9}",
        *(_row(name, duration) for name, duration in rows.items()),
        "",
        f"{'share of a core':16}{speed.share_of_core:9.1%}",
        f"{'peak memory':16}{_number(report['peak_memory_mb'], 'MB')}",
        (
            f"{'temperature':16}{_number(report['temperature_c']['before'], '°C')} before,"
            f"{_number(report['temperature_c']['after'], '°C')} after"
        ),
        f"{'throttling':16}{_throttling(report['throttling'])}",
        "",
        *([_BUSY_NOTE] if speed.pipeline.median_ms > _BUSY * speed.cpu_ms else []),
        report["verdict"],
    ]


def _row(name: str, duration: Duration) -> str:
    return f"{name:16}{duration.median_ms:9.2f}{duration.worst_ms:9.2f}"


def _number(value: float | None, unit: str) -> str:
    return " unknown" if value is None else f"{value:6.0f} {unit}"


def _throttling(reasons: tuple[str, ...] | None) -> str:
    if reasons is None:
        return " unknown"
    return "   " + (", ".join(reasons) or "none")
