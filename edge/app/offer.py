"""The first line of a push: what is offered, or what is asked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from edge.contract import tables
from edge.contract.tables import Range
from edge.errors import UsageError
from edge.store.admission import MAX_MODEL_BYTES

PROTOCOL: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A model that is offered."""

    protocol: int
    sha256: str
    n_bytes: Annotated[int, Range(8, MAX_MODEL_BYTES)]
    """Of the whole file, and so is ``sha256``."""
    manifest: Any
    signature: str | None
    """Armored, as ``ssh-keygen -Y sign`` writes it."""
    allow_downgrade: bool

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError(f"sha256 is {self.sha256!r}, expected 64 hexadecimal digits")


def read_line(line: bytes) -> dict[str, Any]:
    """Return the table of a line in this protocol.

    Raises
    ------
    UsageError
    """
    try:
        table = json.loads(line)
    except ValueError as error:
        raise UsageError(
            f"the first line is no JSON ({error}); push with `ser-trainer push`"
        ) from error
    if not isinstance(table, dict) or table.get("protocol") != PROTOCOL:
        found = table.get("protocol") if isinstance(table, dict) else table
        raise UsageError(
            f"the push speaks protocol {found!r}, this device speaks {PROTOCOL}; "
            "update the older of the two programs"
        )
    return table


def read_offer(table: dict[str, Any]) -> Offer:
    """Return the offer in such a table.

    Raises
    ------
    UsageError
    """
    try:
        return tables.from_table(Offer, table, path="")
    except tables.TableError as error:
        raise UsageError(f"the push makes no sense here: {error}") from error
