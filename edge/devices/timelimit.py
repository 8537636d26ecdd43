"""Doing what may hang, without hanging."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

_LOG: Final = logging.getLogger(__name__)


def finishes_within(limit_s: float, action: Callable[[], object]) -> bool:
    """Run `action` in a daemon thread and wait for it at most `limit_s`.

    Returns
    -------
    bool
        Whether it came to an end, if only by an error (which is logged). If not, its thread is left
        behind; it does not keep the process alive.
    """
    thread = threading.Thread(target=_attempt, args=(action,), name="may-hang", daemon=True)
    thread.start()
    thread.join(limit_s)
    return not thread.is_alive()


def _attempt(action: Callable[[], object]) -> None:
    try:
        action()
    except Exception as error:  # noqa: BLE001 - nobody waits for this thread any more
        _LOG.warning("%s failed: %s", getattr(action, "__qualname__", action), error)
