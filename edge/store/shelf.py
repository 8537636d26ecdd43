"""The folder of installed models: each in a folder of its own, which never changes."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from edge.errors import NoInputError, SerError, StoreError, UsageError
from edge.store import durable
from edge.store.entries import (
    MODEL_FILE,
    RECORD_FILE,
    SIGNATURE_FILE,
    Installed,
    Record,
    read_installed,
    write_entry,
)

_log = logging.getLogger(__name__)

_PIECE_BYTES: Final = 2**20


class Shelf:
    """See the module's text. Who writes holds the lock of `edge.store.journal`.

    Parameters
    ----------
    root : Path
        ``installed`` in the store.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def models(self) -> list[Installed]:
        """Return the models that can be read, the newest received first."""
        models = []
        for folder in self._folders():
            try:
                models.append(read_installed(folder))
            except StoreError as error:
                _log.warning("%s", error)
        return sorted(models, key=lambda model: (model.received_utc, model.id), reverse=True)

    def model(self, model_id: str | None) -> Installed | None:
        """Return the model with an id; None is the bundled one and no model of the shelf.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        return None if model_id is None else read_installed(self._root / model_id)

    def find(self, id_or_prefix: str) -> Installed:
        """Return the model with an id, or the one whose id or SHA-256 begins so.

        Raises
        ------
        NoInputError
            If there is none.
        UsageError
            If there are several.
        """
        models = self.models()
        found = [m for m in models if m.id == id_or_prefix] or _beginning(models, id_or_prefix)
        if len(found) == 1:
            return found[0]
        names = ", ".join(model.id for model in found or models) or "none"
        if found:
            raise UsageError(f"{id_or_prefix!r} fits several installed models: {names}; say more")
        raise NoInputError(f"no installed model is called {id_or_prefix!r}; installed: {names}")

    def put(self, content: Path, record: Record, *, signature: bytes | None) -> Installed:
        """Add a model; a file on this disk's ``incoming`` is moved, any other is copied.

        One that is there already, whole, stays as it is.
        """
        folder = self._root / record.id
        if _is_whole(folder):
            return read_installed(folder)
        staged = folder.with_name(f".new-{record.id}")
        shutil.rmtree(staged, ignore_errors=True)
        durable.make_folder(staged)
        write_entry(staged / RECORD_FILE, record)
        if signature is not None:
            durable.write_file(staged / SIGNATURE_FILE, signature)
        self._take(content, staged / MODEL_FILE)
        if folder.exists():
            durable.remove_folder(folder)
        durable.rename(staged, folder)
        return read_installed(folder)

    def remove(self, model_ids: Iterable[str]) -> None:
        """Remove models, and what interrupted calls have left."""
        for model_id in model_ids:
            durable.remove_folder(self._root / model_id)
        if self._root.is_dir():
            for leftover in self._root.glob(".*"):
                shutil.rmtree(leftover, ignore_errors=True)

    def _folders(self) -> list[Path]:
        with durable.reported(self._root):
            if not self._root.is_dir():
                return []
            return [path for path in self._root.iterdir() if not path.name.startswith(".")]

    def _take(self, content: Path, path: Path) -> None:
        if content.parent == self._root.parent / "incoming":
            # Moved last, so that what failed before can be resumed without sending it again.
            durable.rename(content, path)
            return
        with content.open("rb") as source, durable.created(path) as descriptor:
            while piece := source.read(_PIECE_BYTES):
                durable.write_all(descriptor, piece)
            os.fsync(descriptor)
        durable.sync_folder(path.parent)


def _is_whole(folder: Path) -> bool:
    try:
        read_installed(folder).refuse_damaged()
    except SerError:
        return False
    return True


def _beginning(models: list[Installed], prefix: str) -> list[Installed]:
    return [
        m for m in models if prefix and (m.id.startswith(prefix) or m.sha256.startswith(prefix))
    ]
