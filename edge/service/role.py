"""Which process is *the* service: it alone keeps the status and tries models."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from edge.store.locks import try_lock

LOCK_FILE: Final = "run.lock"
_FILE_MODE: Final = 0o644
_LOG: Final = logging.getLogger(__name__)


class Role:
    """The lock on the runtime directory, for as long as the process lives.

    Parameters
    ----------
    folder : Path
        Made where it is missing. Where even that fails, nobody else can have the role either.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor: int | None = None
        self.is_ours = True
        try:
            folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(folder / LOCK_FILE, flags, _FILE_MODE)
        except OSError as error:
            _LOG.warning("%s: no lock can be made there: %s", folder, error.strerror)
            return
        self.is_ours = try_lock(self._descriptor)
        if not self.is_ours:
            _LOG.warning("another `ser-edge run` keeps the status already; this one only listens")

    def leave(self) -> None:
        """Give the role back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None
