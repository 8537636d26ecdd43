"""The links `current` and `previous`, and the journal that makes a change of both one step.

Every change is written into ``trial.json`` before a link is touched, so that whoever opens the
store next finishes or undoes what a power cut interrupted. A link is replaced by one rename:
before it the old model is current, after it the new one.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from edge.errors import StoreError
from edge.store import durable
from edge.store.entries import Journal, TrialOutcome, read_entry, write_entry
from edge.store.locks import locked

_log = logging.getLogger(__name__)

Link = Literal["current", "previous"]

LINKS: Final[tuple[Link, ...]] = ("current", "previous")

_PATIENCE_S: Final = 10.0


class Links:
    """See the module's text.

    Parameters
    ----------
    root : Path
        The folder of the store.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._journal_path = root / "trial.json"
        self._last_path = root / "last_trial.json"

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock for a change, after whatever was interrupted has been settled.

        Raises
        ------
        StoreError
        """
        with (
            locked(self._root / "switch.lock", patience_s=_PATIENCE_S),
            durable.reported(self._root),
        ):
            self._settle()
            yield

    def read(self, name: Link) -> str | None:
        """Return the id of the model to which a link points, None for the bundled one.

        Raises
        ------
        StoreError
        """
        path = self._root / name
        with durable.reported(path):
            try:
                return Path(os.readlink(path)).name  # noqa: PTH115 - the name, not what is there
            except (FileNotFoundError, NotADirectoryError):
                return None

    def pending(self) -> Journal | None:
        """Return the trial that the current model is on."""
        journal = self.journal()
        if journal and journal.outcome is None and journal.model == self.read("current"):
            return journal
        return None

    def last(self) -> TrialOutcome | None:
        """Return how the last trial ended.

        Raises
        ------
        StoreError
        """
        return read_entry(TrialOutcome, self._last_path)

    def begin(self, journal: Journal) -> None:
        """Let a model be current, on trial."""
        self.write(journal)
        self._point("previous", journal.back_to)
        try:
            self._point("current", journal.model)
        except OSError as error:
            if self.read("current") != journal.model:
                raise
            # It is switched, though the disk did not confirm it: the trial tells the rest.
            _log.warning("%s: the disk did not confirm the switch: %s", self._root, error)

    def write(self, journal: Journal) -> None:
        """Write the journal without touching a link."""
        write_entry(self._journal_path, journal)

    def conclude(self, decided: Journal) -> None:
        """Carry out the outcome of a journal; what is interrupted here, `changing` finishes."""
        self.write(decided)
        if decided.outcome != "confirmed":
            self._point("current", decided.back_to)
            self._point("previous", decided.previous)
        durable.rename(self._journal_path, self._last_path)

    def journal(self) -> Journal | None:
        """Return the journal; a damaged one counts as none."""
        try:
            return read_entry(Journal, self._journal_path)
        except StoreError as error:
            _log.warning("%s", error)
            return None

    def _settle(self) -> None:
        journal = self.journal()
        if journal is None:
            if self._journal_path.exists():
                durable.rename(self._journal_path, self._root / "trial.json.damaged")
        elif journal.outcome:
            self.conclude(journal)
        elif journal.model != self.read("current"):
            # A switch that never came to its rename.
            self._point("previous", journal.previous)
            os.unlink(self._journal_path)  # noqa: PTH108
            durable.sync_folder(self._root)

    def _point(self, name: Link, model_id: str | None) -> None:
        if self.read(name) != model_id:
            target = None if model_id is None else f"installed/{model_id}"
            durable.set_link(self._root / name, target)
