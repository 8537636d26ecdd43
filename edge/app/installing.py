"""What a person does with installed models by hand: activate, roll back, verify."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.app import models
from edge.app.activation import Activation, Verdict, refuse_pinned
from edge.app.standing import live_status, signers_file
from edge.config.load import Loaded
from edge.config.places import Places
from edge.contract.bundle import ModelBundle
from edge.errors import NoInputError, SerError
from edge.store import admission
from edge.store.entries import Installed
from edge.store.examiner import examine
from edge.store.locks import locked
from edge.store.signature import signer_of
from edge.store.starting import BUNDLED

_PATIENCE_S: Final = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one check of a model came to."""

    check: str
    is_well: bool
    told: str


def activate(loaded: Loaded, name: str, *, tell: Callable[[str, str], None]) -> Verdict:
    """Let an installed model, or the bundled one, be current, and wait for the verdict.

    Parameters
    ----------
    loaded : Loaded
    name : str
        An id, its beginning, or ``bundled``.
    tell : callable
        Told each step and a sentence.

    Raises
    ------
    SerError
        If it is not there, fails its self-test, or another push is under way.
    """
    refuse_pinned(loaded)
    config, store = loaded.config, models.model_store(loaded.config)
    with locked(store.push_lock, patience_s=_PATIENCE_S):
        model = None if name == BUNDLED else store.find(name)
        if model:
            model.refuse_damaged()
            tell("testing", model.id)
            examine(model.path, runtime=config.model.runtime, n_threads=config.model.threads)
        activation = Activation(
            store,
            status=lambda: live_status(Places.here()),
            tell=tell,
            health_window_s=config.store.health_window_s,
        )
        return activation.switch(model.id if model else None)


def roll_back(loaded: Loaded) -> str:
    """Go back to the previous model, and say so.

    Raises
    ------
    SerError
    """
    refuse_pinned(loaded)
    model = models.model_store(loaded.config).rollback()
    name = model.id if model else BUNDLED
    if live_status(Places.here()) is None:
        return f"{name} is current; no service runs here"
    return f"{name} is current; the service takes it up within seconds"


def verify(loaded: Loaded, name: str | None) -> tuple[str, list[Finding]]:
    """Check a model's checksum, signature and self-test; return its name and what was found.

    Parameters
    ----------
    loaded : Loaded
    name : str or None
        A file, an installed model's id, ``bundled``, or None for the current model.

    Raises
    ------
    SerError
        If there is no such model.
    """
    path = models.named_model(loaded.config, name)
    store = models.model_store(loaded.config)
    installed = next((model for model in store.installed() if model.path == path), None)
    usual = BUNDLED if path == models.bundled_model() else str(path)
    return installed.id if installed else usual, [
        _found("checksum", lambda: _checksum(path, installed)),
        _found("signature", lambda: _signature(path, loaded)),
        _found("self-test", lambda: _self_test(path, loaded)),
    ]


def _found(check: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(check=check, is_well=True, told=look())
    except NoInputError:
        raise
    except SerError as error:
        return Finding(check=check, is_well=False, told=str(error))


def _checksum(path: Path, installed: Installed | None) -> str:
    if installed:
        installed.refuse_damaged()
        return f"SHA-256 {installed.sha256}, as received {installed.received_utc[:16]}Z"
    bundle = ModelBundle.load(path)
    return f"SHA-256 {bundle.sha256}, its network as the manifest says"


def _signature(path: Path, loaded: Loaded) -> str:
    if path == models.bundled_model():
        return "none needed: it comes with the program"
    signature = path.with_name(f"{path.name}.sig")
    if not signature.exists():
        allow_unsigned = loaded.config.store.allow_unsigned
        admission.refuse_unsigned(None, allow_unsigned=allow_unsigned)
        return "none, which store.allow_unsigned lets pass"
    signers = signers_file(loaded, Places.here())
    return f"by {signer_of(path, signature.read_bytes(), signers=signers)}"


def _self_test(path: Path, loaded: Loaded) -> str:
    wanted = loaded.config.model
    found = examine(path, runtime=wanted.runtime, n_threads=wanted.threads)
    return (
        f"{len(found.golden_cases)} golden cases with {found.runtime}, at most "
        f"{found.latency_ms:.1f} ms for {found.hop_ms:.0f} ms of sound"
    )
