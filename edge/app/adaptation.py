"""The state file of one person's usual voice: who agreed, how long it gathers, what was gathered.

`ser-edge calibrate` begins, ends and deletes it; whoever listens gathers into it. Both change it
under a lock, and each change is on the disk, whole, when it returns.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from edge.config.places import Places
from edge.contract.tables import TableError, from_table, to_table
from edge.decide.baseline import REFERENCES, Reference, UsualVoice, unheard
from edge.errors import CalibrationError
from edge.store import durable
from edge.store.locks import locked

FILE: Final = "adaptation.json"

_LOCK: Final = ".adaptation.lock"
_MODE: Final = 0o640
"""How somebody sounds is theirs: the owner and the group may read, no one else."""
_PATIENCE_S: Final = 5.0
_REMEDY: Final = "delete it with `ser-edge calibrate reset`, and begin anew"


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """Who agreed to what, and when."""

    agreed_by: str
    agreed_at: str
    """RFC 3339."""
    wording: str
    """Version of the text that was shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """What the file holds."""

    version: Literal[1] = 1
    id: str
    """Another one each time that somebody begins anew."""
    model: str
    """SHA-256 of the flatbuffer that the voice was heard with; to another it means nothing."""
    consent: Consent
    gathers_until: str
    """RFC 3339; afterwards nothing is added."""
    paused: bool = False
    """Whether decisions stay plain for now, whatever the settings say."""
    usual: UsualVoice

    def gathers(self, now: datetime) -> bool:
        """Return whether what is heard now is added."""
        return now < datetime.fromisoformat(self.gathers_until)


def state_file(places: Places) -> Path:
    """Return where the file is, or would be."""
    return places.state_directory() / FILE


def begun(model: str, reference: Reference, consent: Consent, *, until: datetime) -> Calibration:
    """Return a calibration in which nothing was heard yet."""
    return Calibration(
        id=str(uuid.uuid4()),
        model=model,
        consent=consent,
        gathers_until=until.isoformat(timespec="seconds"),
        usual=unheard(reference),
    )


def read(path: Path) -> Calibration | None:
    """Return what a file holds; None where there is none.

    Raises
    ------
    CalibrationError
        If it cannot be read, or is no such file.
    """
    try:
        found = from_table(Calibration, json.loads(path.read_bytes()), path="")
        datetime.fromisoformat(found.gathers_until).astimezone()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CalibrationError(f"{path} cannot be read: {error.strerror or error}") from error
    except TableError as error:
        fault = error.problems[0]
        raise CalibrationError(f"{path} is no calibration ({fault}); {_REMEDY}") from error
    except ValueError as error:
        raise CalibrationError(f"{path} is no calibration ({error}); {_REMEDY}") from error
    return found


def write(path: Path, calibration: Calibration, *, patience_s: float = _PATIENCE_S) -> None:
    """Put a calibration in the place of what is there.

    Raises
    ------
    StoreError
    """
    with _held(path, patience_s):
        _replace(path, calibration)


def change(
    path: Path,
    how: Callable[[Calibration], Calibration],
    *,
    of: str | None = None,
    patience_s: float = _PATIENCE_S,
) -> Calibration | None:
    """Change what is there, and return it; None where there is none, or another one than `of`.

    Raises
    ------
    CalibrationError, StoreError
    """
    with _held(path, patience_s):
        found = read(path)
        if found is None or (of is not None and found.id != of):
            return None
        changed = how(found)
        if changed != found:
            _replace(path, changed)
        return changed


def delete(path: Path) -> bool:
    """Delete the file; return whether there was one.

    Raises
    ------
    StoreError
    """
    with _held(path, _PATIENCE_S), durable.reported(path):
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        durable.sync_folder(path.parent)
        return True


def gathered(usual: UsualVoice) -> Callable[[Calibration], Calibration]:
    """Return the change that takes up what was heard."""
    return lambda found: replace(found, usual=usual)


def reference_of(model: str) -> Reference | None:
    """Return the means of others for a model; None for one that was not measured."""
    return REFERENCES.get(model)


def _held(path: Path, patience_s: float) -> AbstractContextManager[None]:
    return locked(path.with_name(_LOCK), patience_s=patience_s)


def _replace(path: Path, calibration: Calibration) -> None:
    content = json.dumps(to_table(calibration), indent=1, ensure_ascii=False) + "\n"
    with durable.reported(path):
        durable.write_file(path, content.encode(), mode=_MODE)
