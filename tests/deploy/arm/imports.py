"""Import every module of the edge, and what a Pi's microphone and pins need."""

from __future__ import annotations

import importlib
import pkgutil

import edge

names = [found.name for found in pkgutil.walk_packages(edge.__path__, "edge.")]
names = [name for name in names if not name.endswith("__main__")]
for name in [*names, "pyaudio", "gpiozero", "soundfile"]:
    importlib.import_module(name)
