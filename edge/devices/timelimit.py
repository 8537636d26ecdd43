"""Doing what may hang, without hanging."""

from __future__ import annotations

import threading
from collections.abc import Callable


def finishes_within(limit_s: float, action: Callable[[], object]) -> bool:
    """Run `action` in a daemon thread and wait for it at most `limit_s`.

    Returns
    -------
    bool
        Whether it came to an end. If not, its thread is left behind; it does not keep the process
        alive.
    """
    thread = threading.Thread(target=action, name="may-hang", daemon=True)
    thread.start()
    thread.join(limit_s)
    return not thread.is_alive()
