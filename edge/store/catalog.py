"""The installed models, and which of them runs: switched to on trial, confirmed or taken back.

Two links say everything: ``current`` and ``previous``. Where one is absent, it is the model that
comes with the program, here always None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from edge.contract.manifest import Manifest
from edge.errors import UsageError
from edge.store.entries import Installed, Journal, Outcome, Trial, TrialOutcome, record_of
from edge.store.journal import Links
from edge.store.shelf import Shelf
from edge.store.starting import BUNDLED, Start, Starter


def utc_now() -> str:
    """Return the time as the store writes it, RFC 3339 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class ModelStore:
    """See the module's text. What only reads needs no right to write and takes no lock.

    Parameters
    ----------
    root : Path
        ``models`` in the state directory; made when something is first written.
    keep : int
        Models that `prune` leaves.
    now_utc : callable
        The clock.
    """

    def __init__(self, root: Path, *, keep: int, now_utc: Callable[[], str] = utc_now) -> None:
        self.root = root
        self._keep = keep
        self._now_utc = now_utc
        self._links = Links(root)
        self._shelf = Shelf(root / "installed")

    @property
    def push_lock(self) -> Path:
        """The lock that a push holds from verification to the outcome of its trial."""
        return self.root / "push.lock"

    @property
    def incoming(self) -> Path:
        """The folder of what is being received."""
        return self.root / "incoming"

    def installed(self) -> list[Installed]:
        """Return the models that can be read, the newest received first."""
        return self._shelf.models()

    def find(self, id_or_prefix: str) -> Installed:
        """Return the model with an id, or the one whose id or SHA-256 begins so.

        Raises
        ------
        NoInputError
            If there is none.
        UsageError
            If there are several.
        """
        return self._shelf.find(id_or_prefix)

    def current_id(self) -> str | None:
        """Return the id of the current model: one look at a link.

        Raises
        ------
        StoreError
        """
        return self._links.read("current")

    def current(self) -> Installed | None:
        """Return the current model.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        return self._shelf.model(self.current_id())

    def previous_id(self) -> str | None:
        """Return the id of the model to which `rollback` leads, likewise."""
        return self._links.read("previous")

    def previous(self) -> Installed | None:
        """Return the model to which `rollback` leads, likewise."""
        return self._shelf.model(self.previous_id())

    def trial(self) -> Trial | None:
        """Return the trial that the current model is on."""
        pending = self._links.pending()
        return pending.trial if pending else None

    def last_trial(self) -> TrialOutcome | None:
        """Return how the last trial ended.

        Raises
        ------
        StoreError
        """
        return self._links.last()

    def outcome_of(self, trial: Trial) -> TrialOutcome | None:
        """Return how a trial ended; None while it goes on.

        Raises
        ------
        StoreError
        """
        with self._links.changing():
            found = self._links.last()
        same = found and (found.model, found.begun_utc) == (trial.model, trial.begun_utc)
        return found if same else None

    def add(
        self,
        content: Path,
        *,
        manifest: Manifest,
        sha256: str,
        signature: bytes | None,
        signer: str | None,
    ) -> Installed:
        """Install a model file that was verified; the current model stays as it is.

        A file in `incoming` is moved, any other copied. A model that is there already, whole,
        stays untouched.

        Raises
        ------
        StoreError
        """
        record = record_of(manifest, sha256=sha256, signer=signer, received_utc=self._now_utc())
        with self._links.changing():
            return self._shelf.put(content, record, signature=signature)

    def switch(self, model_id: str | None) -> Trial | None:
        """Make a model the current one, on trial.

        While another is on trial, what was proven before that stays what one goes back to; to
        switch to that itself only ends the trial.

        Returns
        -------
        Trial or None
            The trial that the model is on now; None where it had proved itself before.

        Raises
        ------
        ChecksumError
            If its file is damaged.
        StoreError
        """
        model = self._shelf.model(model_id)
        if model:
            model.refuse_damaged()
        with self._links.changing():
            pending = self._links.pending()
            if model_id == self.current_id():
                return pending.trial if pending else None
            if pending and pending.back_to == model_id:
                self._decide(pending, "reverted", f"{model_id or BUNDLED} was activated instead")
                return None
            journal = Journal(
                model=model_id,
                back_to=pending.back_to if pending else self.current_id(),
                previous=pending.previous if pending else self.previous_id(),
                begun_utc=self._now_utc(),
            )
            self._links.begin(journal)
            return journal.trial

    def confirm(self, model_id: str | None) -> None:
        """End a trial well: the model has proved itself. Nothing happens if it is not on trial.

        Raises
        ------
        StoreError
        """
        self._end_trial(model_id, "confirmed", "it stayed healthy")

    def revert(self, model_id: str | None, *, why: str) -> None:
        """End a trial badly: the former model is current again. Nothing happens without a trial.

        Raises
        ------
        StoreError
        """
        self._end_trial(model_id, "reverted", why)

    def rollback(self) -> Installed | None:
        """Change `current` and `previous` over, by hand, and return what is current now.

        A model on trial is taken back. Otherwise there is no trial: the previous model is known
        to work.

        Raises
        ------
        UsageError
            If there is nothing to go back to.
        ChecksumError
            If the previous model is damaged.
        StoreError
        """
        with self._links.changing():
            if pending := self._links.pending():
                self._decide(pending, "reverted", "it was rolled back by hand")
                return self.current()
            current, back_to = self.current_id(), self.previous_id()
            if current == back_to:
                raise UsageError(
                    f"the current model is {current or BUNDLED}, and no other was current before "
                    "it; `ser-edge model list` shows what can be activated"
                )
            model = self._shelf.model(back_to)
            if model:
                model.refuse_damaged()
            journal = Journal(
                model=current, back_to=back_to, previous=current, begun_utc=self._now_utc()
            )
            self._decide(journal, "rolled back", "it was rolled back by hand")
            return model

    def begin_service(self, boot_id: str) -> Start:
        """Return what a service that starts shall load; a trial counts the start.

        A trial on which a process of this boot was is lost: the process died of it. This never
        fails: what cannot be read or written is told in `Start.troubles`.
        """
        return self._starter().start(boot_id, is_restart=True)

    def take_up(self, boot_id: str) -> Start:
        """Like `begin_service`, for a running service that saw `current_id` change."""
        return self._starter().start(boot_id, is_restart=False)

    def end_service(self) -> None:
        """Note that a service ends of its own will: its next start is no sign of a crash.

        Raises
        ------
        StoreError
        """
        if self.trial() is None:
            return
        with self._links.changing():
            pending = self._links.pending()
            if pending and pending.boot_id is not None:
                n_starts = max(0, pending.n_starts - 1)
                self._links.write(replace(pending, boot_id=None, n_starts=n_starts))

    def prune(self) -> list[str]:
        """Remove the oldest models beyond `keep`, and what a power cut left; return their ids.

        The current and the previous one stay, and those to which a trial may lead back.

        Raises
        ------
        StoreError
        """
        with self._links.changing():
            needed = {self.current_id(), self.previous_id()}
            if journal := self._links.journal():
                needed |= {journal.back_to, journal.previous}
            by_need = sorted(self.installed(), key=lambda model: model.id not in needed)
            n_needed = sum(model.id in needed for model in by_need)
            doomed = [model.id for model in by_need[max(self._keep, n_needed) :]]
            self._shelf.remove(doomed)
            return doomed

    def _starter(self) -> Starter:
        return Starter(self._links, self._shelf, now_utc=self._now_utc)

    def _decide(self, journal: Journal, outcome: Outcome, why: str) -> None:
        self._links.conclude(journal.decided(outcome, why=why, at_utc=self._now_utc()))

    def _end_trial(self, model_id: str | None, outcome: Outcome, why: str) -> None:
        with self._links.changing():
            pending = self._links.pending()
            if pending and pending.model == model_id:
                self._decide(pending, outcome, why)
