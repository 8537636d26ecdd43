"""What is installed beside us: the TFLite runtime with its numpy, PortAudio."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

from edge.devices.portaudio import PortAudio
from edge.errors import AudioDeviceError, RuntimeMissingError
from edge.infer.interpreter import RuntimeName, find_runtime
from edge.service.checks.finding import Finding, well


def runtime(wanted: RuntimeName, *, numpy_version: str = np.__version__) -> Finding:
    """Check that a TFLite runtime can be imported and fits numpy; `model` then runs it."""
    try:
        found = find_runtime(wanted)
    except RuntimeMissingError as error:
        words = str(error).partition("; ")[0]
        package = "tflite-runtime 'numpy<2'" if wanted == "tflite-runtime" else "ai-edge-litert"
        remedy = install(package)
        return Finding(name="runtime", verdict="problem", found=words, remedy=remedy)
    if found.name == "tflite-runtime" and int(numpy_version.partition(".")[0]) >= 2:
        return Finding(
            name="runtime",
            verdict="problem",
            found=f"{found} does not work with numpy {numpy_version}: it needs numpy below 2",
            remedy=install("'numpy<2'"),
        )
    return well("runtime", f"{found} with numpy {numpy_version}")


def portaudio() -> Finding:
    """Check that PyAudio and PortAudio work at all."""
    try:
        PortAudio().close()
    except AudioDeviceError as error:
        found, _, remedy = str(error).partition("; ")
        return Finding(
            name="portaudio", verdict="problem", found=found, remedy=_portaudio(found, remedy)
        )
    return well("portaudio", f"PyAudio {_version('PyAudio')} and PortAudio work")


def install(packages: str) -> str:
    """Return the command that installs Python packages where this program runs."""
    is_ours = os.access(Path(sys.prefix), os.W_OK)
    return f"`{'' if is_ours else 'sudo '}{sys.executable} -m pip install {packages}`"


def _portaudio(found: str, remedy: str) -> str:
    if "libportaudio" in found or "libasound" in found:
        return "`sudo apt install -y libportaudio2`"
    if "pyaudio" in found.lower():
        libraries = "`sudo apt install -y portaudio19-dev gcc python3-dev`"
        return f"{libraries}, then {install('PyAudio')}"
    return remedy or "`sudo apt install --reinstall -y libportaudio2`"


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "(from the system)"
