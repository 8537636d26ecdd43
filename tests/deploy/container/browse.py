"""Prints the log-in page as a browser on this machine would get it; fails where there is none."""

from __future__ import annotations

import sys
import urllib.request

with urllib.request.urlopen("http://127.0.0.1:8765/", timeout=10) as answer:
    sys.stdout.write(answer.read().decode())
