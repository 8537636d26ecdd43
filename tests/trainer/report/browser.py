"""Chromium as a reader of pages, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support import need


def chromium(page: Path, *options: str) -> str:
    """Open a page and return what the browser prints."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    need(program, "chromium (apt-get install chromium)")
    command = (
        str(program),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={page.parent / 'profile'}",
        *options,
        page.as_uri(),
    )
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout
