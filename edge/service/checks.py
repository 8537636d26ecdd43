"""What `ser-edge doctor` looks at: each check finds one thing and names the remedy."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from edge.contract.bundle import ModelBundle
from edge.contract.manifest import refuse_without_emotions
from edge.devices.alsa import AlsaTree
from edge.devices.gpio import open_pin_factory
from edge.devices.hearing import Hearing, hear
from edge.devices.inventory import choose, list_devices
from edge.devices.portaudio import PortAudio
from edge.devices.quiet import quiet_stderr
from edge.errors import SerError
from edge.infer.classifier import EmotionClassifier
from edge.infer.interpreter import RuntimeName, find_runtime
from edge.selftest import golden_deviations
from edge.service.machine import this_machine, throttling

Verdict = Literal["ok", "warning", "problem"]

_OLDEST_PYTHON: Final = (3, 11)
_ARCHITECTURES: Final = ("aarch64", "armv7l", "x86_64")
_QUIETEST_DBFS: Final = -70.0
"""A live room through a sensible microphone is louder, even at night."""
_MOST_CLIPPED: Final = 0.001
_LEAST_FREE_MB: Final = 100.0
_LISTEN_S: Final = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """The outcome of one check."""

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""
    """What to do; empty if all is well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """Something to look at."""

    name: str
    look: Callable[[], Finding]

    def finding(self) -> Finding:
        """Look; what cannot even be looked at is a problem, never an end of the examination."""
        try:
            return self.look()
        except SerError as error:
            found, _, remedy = str(error).partition("; ")
        except Exception as error:  # noqa: BLE001 - the doctor goes on to the next patient
            found, remedy = f"{type(error).__name__}: {error}", "report this text"
        return Finding(name=self.name, verdict="problem", found=found, remedy=remedy)


def python() -> Finding:
    """Check the interpreter's version."""
    found = f"Python {platform.python_version()}, numpy {np.__version__}"
    if sys.version_info >= _OLDEST_PYTHON:
        return Finding(name="python", verdict="ok", found=found)
    return Finding(
        name="python",
        verdict="problem",
        found=found,
        remedy="use Raspberry Pi OS Bookworm or newer: Python 3.11 is the oldest that serves",
    )


def machine() -> Finding:
    """Check the processor and its power supply."""
    here = this_machine()
    found = f"{here.name}, {here.architecture}, {platform.system()} {platform.release()}"
    if here.architecture not in _ARCHITECTURES:
        remedy = "use a Pi Zero 2 W, a Pi 3 or newer: no TFLite runtime is built for this processor"
        return Finding(name="machine", verdict="warning", found=found, remedy=remedy)
    troubles = throttling()
    if troubles:
        remedy = "use a stronger power supply, or cool the processor"
        words = ", ".join(troubles)
        return Finding(name="machine", verdict="warning", found=f"{found}: {words}", remedy=remedy)
    return Finding(name="machine", verdict="ok", found=found)


def runtime(wanted: RuntimeName) -> Finding:
    """Check that a TFLite runtime can be imported; `model` then builds an interpreter with it."""
    return Finding(name="runtime", verdict="ok", found=str(find_runtime(wanted)))


def model(path: Path, *, wanted: RuntimeName) -> Finding:
    """Check that the model loads and computes here what it did where it was trained."""
    bundle = ModelBundle.load(path)
    refuse_without_emotions(bundle.manifest)
    with quiet_stderr():
        classifier = EmotionClassifier(bundle, runtime=wanted)
        cases = golden_deviations(classifier)
    manifest = bundle.manifest
    found = f"{manifest.name} {manifest.version}: {len(cases)} golden cases agree, {path}"
    return Finding(name="model", verdict="ok", found=found)


def portaudio() -> Finding:
    """Check that PyAudio and PortAudio work at all."""
    PortAudio().close()
    return Finding(name="portaudio", verdict="ok", found="PyAudio and PortAudio work")


def microphones(device: str) -> Finding:
    """Check that the configured microphone is there and may be used."""
    devices = list_devices()
    chosen = choose(devices, device, alsa=AlsaTree())
    found = f"{len(devices)} there; {device!r} means {chosen.name}"
    return Finding(name="microphone", verdict="ok", found=found)


def level(device: str) -> Finding:
    """Check that the microphone hears a room: neither nothing nor too much."""
    return judge_level(hear(device, duration_s=_LISTEN_S))


def judge_level(heard: Hearing) -> Finding:
    """Return the finding for what a microphone heard."""
    found = f"{heard.level_dbfs:.1f} dBFS, {heard.clipped_share:.1%} clipped, {heard.name}"
    verdict: Verdict = "ok"
    remedy = ""
    if heard.clipped_share > _MOST_CLIPPED:
        verdict, remedy = "warning", "turn the capture level down: `alsamixer`, F4"
    elif heard.level_dbfs < _QUIETEST_DBFS:
        verdict, remedy = "problem", "unmute the microphone and turn it up: `alsamixer`, F4"
    elif heard.n_lost:
        verdict, found = "warning", f"{found}, {heard.n_lost} samples lost"
        remedy = "stop what else keeps this machine busy"
    return Finding(name="level", verdict=verdict, found=found, remedy=remedy)


def gpio(kind: str) -> Finding:
    """Check that the panel's GPIO can be had, if one is configured."""
    if kind == "none":
        return Finding(name="gpio", verdict="ok", found="not needed: panel.kind is none")
    try:
        factory = open_pin_factory()
    except SerError as error:
        found, _, remedy = str(error).rpartition("; ")
        verdict: Verdict = "warning" if kind == "auto" else "problem"
        return Finding(name="gpio", verdict=verdict, found=found, remedy=remedy)
    factory.close()
    return Finding(name="gpio", verdict="ok", found=type(factory).__name__)


def log_folder(log: Path, *, max_mb: float) -> Finding:
    """Check that the log can be written and has room to grow to `max_mb`."""
    folder = next(place for place in log.absolute().parents if place.exists())
    free_mb = shutil.disk_usage(folder).free / 1e6
    found = f"{log}, {free_mb:.0f} MB free"
    if not _can_write(log, folder):
        remedy = f"`sudo chown -R $USER {folder}`, or set log.path to a place that can be written"
        return Finding(name="log", verdict="problem", found=f"{found}, read-only", remedy=remedy)
    if free_mb < max_mb + _LEAST_FREE_MB:
        remedy = "free some space, or lower log.max_mb"
        return Finding(name="log", verdict="warning", found=found, remedy=remedy)
    return Finding(name="log", verdict="ok", found=found)


def _can_write(file: Path, folder: Path) -> bool:
    try:
        if file.exists():
            file.open("ab").close()
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True
