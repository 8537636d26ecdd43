"""The model that runs, and those that were pushed to this device."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.errors import NoInputError, SerError
from edge.infer.interpreter import RuntimeName
from edge.service.checks.finding import Finding, not_applicable, well
from edge.store.catalog import ModelStore
from edge.store.entries import Installed
from edge.store.examiner import Limits, examine
from edge.store.starting import BUNDLED

Verify = Callable[[Installed], object]
"""Raises `SignatureError` if a model is not signed by anybody trusted."""

LIMITS: Final = Limits(cpu_s=50, wall_s=50)
_ROLLBACK: Final = "`sudo -u ser-edge ser-edge model rollback`, then push the model again"
_SIGN: Final = "sign the model with a key that is trusted here (`ser-trainer sign`), push it again"


def model(path: Path, *, runtime: RuntimeName, limits: Limits = LIMITS) -> Finding:
    """Check, in a process of its own, that the model is whole, right here, and fast enough."""
    if not path.is_file():
        raise NoInputError(f"there is no model {path}; correct model.path, or leave it out")
    passed = examine(path, runtime=runtime, limits=limits)
    manifest, n_cases = passed.manifest, len(passed.golden_cases)
    return well(
        "model",
        f"{manifest.name} {manifest.version}: {n_cases} golden cases agree, at most "
        f"{passed.latency_ms:.0f} ms for {passed.hop_ms:.0f} ms of sound; {path}",
    )


def store(models: ModelStore, *, pinned: str, verify: Verify) -> Finding:
    """Check the pushed models: whole, signed, and how the last trial of one ended.

    Parameters
    ----------
    models : ModelStore
    pinned : str
        ``model.path`` of the configuration, which leaves the store unused.
    verify : callable
        Looks at a model's signature.
    """
    if pinned:
        return not_applicable("store", f"model.path names {pinned}, so that no model can be pushed")
    if models.root.parent.is_dir() and not os.access(models.root.parent, os.X_OK):
        return not_applicable("store", f"only root sees {models.root}: `sudo ser-edge doctor`")
    if not models.installed() and models.current_id() is None:
        return well("store", "no model was pushed; the one that came with the program runs")
    damage = _troubles(models, Installed.refuse_damaged)
    if damage:
        return Finding(name="store", verdict="problem", found=damage, remedy=_ROLLBACK)
    unsigned = _troubles(models, verify)
    if unsigned:
        return Finding(name="store", verdict="warning", found=unsigned, remedy=_SIGN)
    return _last_trial(models, f"{_current(models)} runs, {len(models.installed())} installed")


def signers(file: Path, *, allow_unsigned: bool, pushers: Path) -> Finding:
    """Check that somebody may sign models, and that nobody else can name who.

    Parameters
    ----------
    file : Path
        ``allowed_signers``.
    allow_unsigned : bool
        As configured.
    pushers : Path
        ``authorized_keys`` of the service's user: whose keys may deliver models.
    """
    try:
        n_signers = _n_lines(file)
        is_open = file.exists() and bool(file.stat().st_mode & 0o022)
    except PermissionError:
        return not_applicable("signers", f"only root sees {file}: `sudo ser-edge doctor`")
    if is_open:
        found = f"whoever uses this machine may write {file}, and so sign models"
        remedy = f"`sudo chown root: {file} && sudo chmod 644 {file}`"
        return Finding(name="signers", verdict="problem", found=found, remedy=remedy)
    if n_signers or allow_unsigned:
        unsigned = "; models without a signature are taken too" if allow_unsigned else ""
        return well("signers", f"{n_signers} in {file}{unsigned}")
    with suppress(PermissionError):
        if _n_lines(pushers):
            return Finding(
                name="signers",
                verdict="warning",
                found=f"{file} names nobody, so that every model that is pushed is refused",
                remedy=f"`sudo nano {file}`, and paste the line that `ser-trainer sign` prints",
            )
    return not_applicable("signers", "nobody may push a model to this machine yet")


def _n_lines(file: Path) -> int:
    """Count what is neither empty nor a comment; 0 where there is no file."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return 0
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in lines)


def _troubles(models: ModelStore, look: Callable[[Installed], object]) -> str:
    found = []
    for read in (models.current, models.previous):
        try:
            installed = read()
            if installed is not None:
                look(installed)
        except SerError as error:
            found.append(str(error).partition("; ")[0])
    return "; ".join(dict.fromkeys(found))


def _last_trial(models: ModelStore, found: str) -> Finding:
    trial, last = models.trial(), models.last_trial()
    if trial is not None:
        return well("store", f"{found}; on trial since {trial.begun_utc}")
    if last is not None and last.outcome == "reverted":
        return Finding(
            name="store",
            verdict="warning",
            found=f"{found}; {last.model or BUNDLED} was taken back at {last.at_utc}: {last.why}",
            remedy="the former model runs, nothing need be done here; push a better one",
        )
    return well("store", found)


def _current(models: ModelStore) -> str:
    current = models.current()
    return BUNDLED if current is None else f"{current.id} (signed by {current.signer or 'nobody'})"
