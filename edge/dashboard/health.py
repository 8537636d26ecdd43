"""How the device is: microphone, machine, messages and models, as page and API show it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.contract.bundle import ModelBundle
from edge.dashboard.pieces import Pieces
from edge.errors import NoInputError, SerError
from edge.record.histories import waiting
from edge.record.outbox import Waiting
from edge.record.query import LogReader
from edge.service.checks.storage import space_of
from edge.service.machine import temperature_c
from edge.service.status import Status

BUNDLED: Final = "bundled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A channel that has not taken everything yet."""

    channel: str
    n_waiting: int
    oldest: str
    """When the oldest message was written, RFC 3339."""
    failure: str
    """Why the newest that was tried could not be delivered; empty where none was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledModel:
    """A model that can be had without a push."""

    id: str
    """``bundled`` for the one that comes with the program."""
    name: str
    version: str
    received: str | None
    """RFC 3339; None for the bundled one, likewise the next."""
    signer: str | None
    is_current: bool
    is_previous: bool
    """Whether a rollback leads to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """One look at the device."""

    status: Status | None
    """What the ears say; None while nobody listens."""
    temperature_c: float | None
    """None where no sensor tells it."""
    free_mb: float | None
    total_mb: float | None
    """Of the disk with the log; None where it cannot be looked at."""
    delivery: tuple[Delivery, ...]
    """Channels with messages that wait; none where all were delivered."""
    troubles: tuple[str, ...]
    """What could not be looked at, in sentences."""


def health(held: Pieces) -> Health:
    """Look at the device."""
    free_mb, total_mb = _space(held.around.log.parent)
    delivery, troubles = _delivery(held.around.log)
    return Health(
        status=held.status(),
        temperature_c=temperature_c(),
        free_mb=free_mb,
        total_mb=total_mb,
        delivery=delivery,
        troubles=troubles,
    )


def installed_models(held: Pieces) -> list[InstalledModel]:
    """Return the models of the device, the newest first, the bundled one last.

    Raises
    ------
    SerError
        If the store cannot be read.
    """
    shelf = held.models.shelf()
    models = [
        InstalledModel(
            id=model.id,
            name=model.name,
            version=model.version,
            received=model.received_utc,
            signer=model.signer,
            is_current=model.id == shelf.current_id,
            is_previous=model.id == shelf.previous_id,
        )
        for model in shelf.installed
    ]
    return [*models, _bundled(held.models.bundled(), shelf.current_id, shelf.previous_id)]


def _bundled(
    bundle: ModelBundle, current_id: str | None, previous_id: str | None
) -> InstalledModel:
    return InstalledModel(
        id=BUNDLED,
        name=bundle.manifest.name,
        version=bundle.manifest.version,
        received=None,
        signer=None,
        is_current=current_id is None,
        is_previous=current_id is not None and previous_id is None,
    )


def _space(folder: Path) -> tuple[float | None, float | None]:
    try:
        space = space_of(folder)
    except OSError:
        return None, None
    return round(space.free_mb, 1), round(space.total_mb, 1)


def _delivery(log: Path) -> tuple[tuple[Delivery, ...], tuple[str, ...]]:
    try:
        with LogReader(log) as reader:
            found = sorted(waiting(reader).items())
    except NoInputError:
        return (), ()
    except SerError as error:
        return (), (str(error),)
    return tuple(_of_channel(name, those) for name, those in found), ()


def _of_channel(name: str, those: Waiting) -> Delivery:
    return Delivery(
        channel=name,
        n_waiting=those.n_messages,
        oldest=those.oldest,
        failure=those.failure,
    )
