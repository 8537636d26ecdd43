"""Import every module of the edge, and what it imports only when it is needed."""

from __future__ import annotations

import importlib
import pkgutil

import edge

LATER = (
    *("pyaudio", "gpiozero", "soundfile"),
    *("apprise", "paho.mqtt.client", "flask", "cheroot.wsgi", "cheroot.ssl.builtin"),
)

names = [found.name for found in pkgutil.walk_packages(edge.__path__, "edge.")]
names = [name for name in names if not name.endswith("__main__")]
for name in [*names, *LATER]:
    importlib.import_module(name)
