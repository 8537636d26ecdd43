"""Log lines as journald likes them: a level in front instead of a name and a word."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Final, TextIO

_LEVELS: Final = {
    logging.CRITICAL: 2,
    logging.ERROR: 3,
    logging.WARNING: 4,
    logging.INFO: 6,
    logging.DEBUG: 7,
}


class JournalFormatter(logging.Formatter):
    """Puts ``<4>`` and the like in front of every line (see sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text, each line with its level."""
        level = _LEVELS.get(record.levelno, 6)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).splitlines())


def is_journal(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream leads to the journal (see systemd.exec(5), JOURNAL_STREAM)."""
    try:
        place = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{place.st_dev}:{place.st_ino}"


def set_up_log(stream: TextIO, *, level: int) -> None:
    """Let the log say what is at least of a level, in the form that the stream's reader likes."""
    root = logging.getLogger()
    root.setLevel(level)
    if is_journal(stream):
        for handler in root.handlers:
            handler.setFormatter(JournalFormatter("%(message)s"))
