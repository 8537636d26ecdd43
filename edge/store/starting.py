"""What a service shall load: the current model, if it lives and is whole; else a former one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from edge.errors import SerError, StoreError
from edge.store.entries import Installed, Journal, TrialOutcome
from edge.store.journal import LINKS, Links
from edge.store.shelf import Shelf

N_STARTS: Final = 3
"""A model that has not proved itself in so many starts is taken back at the next."""

BUNDLED: Final = "bundled"
"""How people call the model that comes with the program; in the store it is None."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """What a service shall load."""

    model: Installed | None
    """None for the bundled model."""
    on_trial: bool
    fallbacks: tuple[Installed | None, ...]
    """What to load if that one cannot be, in order; the bundled model is always among these."""
    current_id: str | None
    """What `ModelStore.current_id` says: when it says something else, there was a change."""
    reverted: TrialOutcome | None
    """The trial that has just ended badly."""
    troubles: tuple[str, ...]
    """Sentences for a person."""


class Starter:
    """Decides what one start loads.

    Parameters
    ----------
    links : Links
    shelf : Shelf
    now_utc : callable
        The clock.
    """

    def __init__(self, links: Links, shelf: Shelf, *, now_utc: Callable[[], str]) -> None:
        self._links = links
        self._shelf = shelf
        self._now_utc = now_utc
        self._troubles: list[str] = []

    def start(self, boot_id: str, *, is_restart: bool) -> Start:
        """Return what to load; it never fails."""
        before, is_counted = self._last(), self._count(boot_id, is_restart=is_restart)
        last, linked = self._last(), self._linked()
        pending = self._pending(linked.get("current"))
        wanted = [*linked.values(), None]
        if pending and not is_counted:
            # A trial that cannot be written down would be one that never ends.
            wanted.insert(0, pending.back_to)
        candidates = self._whole(list(dict.fromkeys(wanted)))
        return Start(
            model=candidates[0],
            on_trial=pending is not None and is_counted,
            fallbacks=tuple(candidates[1:]),
            current_id=linked.get("current"),
            reverted=last if last and last != before and last.outcome != "confirmed" else None,
            troubles=tuple(self._troubles),
        )

    def _pending(self, current_id: str | None) -> Journal | None:
        journal = self._links.journal()
        is_pending = journal and journal.outcome is None and journal.model == current_id
        return journal if is_pending else None

    def _count(self, boot_id: str, *, is_restart: bool) -> bool:
        if self._links.journal() is None:
            return True
        try:
            with self._links.changing():
                if pending := self._links.pending():
                    self._count_trial(pending, boot_id, is_restart=is_restart)
        except StoreError as error:
            self._troubles.append(str(error))
            return False
        return True

    def _count_trial(self, pending: Journal, boot_id: str, *, is_restart: bool) -> None:
        is_ours = pending.boot_id == boot_id
        if why := self._fault(pending, died=is_restart and is_ours):
            decided = pending.decided("reverted", why=why, at_utc=self._now_utc())
            self._links.conclude(decided)
        elif not is_ours:
            n_starts = pending.n_starts + 1
            self._links.write(replace(pending, boot_id=boot_id, n_starts=n_starts))

    def _fault(self, pending: Journal, *, died: bool) -> str | None:
        if died:
            return "the process died while the model was on trial"
        if pending.n_starts >= N_STARTS:
            return f"it was started {pending.n_starts} times and never proved itself"
        try:
            self._load(pending.model)
        except SerError as error:
            return str(error)
        return None

    def _whole(self, wanted: list[str | None]) -> list[Installed | None]:
        found: list[Installed | None] = []
        for model_id in wanted:
            try:
                found.append(self._load(model_id))
            except SerError as error:
                self._troubles.append(str(error))
        return found

    def _load(self, model_id: str | None) -> Installed | None:
        model = self._shelf.model(model_id)
        if model:
            model.refuse_damaged()
        return model

    def _linked(self) -> dict[str, str | None]:
        """Return where the links point, those left out that cannot be read."""
        found: dict[str, str | None] = {}
        for name in LINKS:
            try:
                found[name] = self._links.read(name)
            except StoreError as error:
                self._troubles.append(str(error))
        return found

    def _last(self) -> TrialOutcome | None:
        try:
            return self._links.last()
        except StoreError as error:
            self._troubles.append(str(error))
            return None
