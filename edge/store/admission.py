"""What a device takes, by the manifest alone: before a byte of the model is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from edge.contract.manifest import Manifest, refuse_without_emotions
from edge.errors import DowngradeError, OperatorTooNewError, SignatureError
from edge.infer.interpreter import Runtime

MAX_MODEL_BYTES: Final = 256 * 2**20
"""Far above any model that a Pi can run in time."""

_LITERT_STANDS_FOR: Final = (2, 9999)
"""LiteRT counts anew and has the operators of every TFLite 2."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What tells an older model from a newer one."""

    name: str
    version: str
    created_utc: str

    @classmethod
    def of(cls, manifest: Manifest) -> Release:
        """Return that of a manifest."""
        return cls(name=manifest.name, version=manifest.version, created_utc=manifest.created_utc)

    def __str__(self) -> str:
        return f"{self.name} {self.version} (made {self.created_utc})"


def refuse_unfit(manifest: Manifest, runtime: Runtime) -> None:
    """Raise where a model cannot serve on this device.

    Raises
    ------
    NoEmotionsError
        If it tells something else than emotions.
    OperatorTooNewError
        If the runtime is too old for it. The self-test asks the runtime itself.
    """
    refuse_without_emotions(manifest)
    if _numbers(manifest.min_runtime) > _tflite_version(runtime):
        raise OperatorTooNewError(
            f"model {manifest.name} {manifest.version} needs a runtime of TFLite "
            f"{manifest.min_runtime} or newer, this device has {runtime}; "
            "update the runtime or export the model for an older one"
        )


def refuse_unsigned(signature: str | None, *, allow_unsigned: bool) -> None:
    """Raise where a signature is missing.

    Raises
    ------
    SignatureError
    """
    if signature is None and not allow_unsigned:
        raise SignatureError(
            "the model is not signed, and this device takes signed models only; sign it "
            "(`ser-trainer sign`), or let the device's owner set store.allow_unsigned = true"
        )


def refuse_downgrade(new: Release, current: Release) -> None:
    """Raise where a model of the same name is older than the one that runs.

    The version decides, where both are numbers with dots; if that is the same, or there are
    other versions, the time when they were made.

    Raises
    ------
    DowngradeError
    """
    if new.name == current.name and _is_older(new, current):
        raise DowngradeError(
            f"{new} is older than the current {current}; "
            "push it with --allow-downgrade if it shall replace the newer one"
        )


def _is_older(new: Release, current: Release) -> bool:
    if _is_dotted(new.version) and _is_dotted(current.version):
        ours, theirs = _numbers(new.version), _numbers(current.version)
        if ours != theirs:
            return ours < theirs
    return new.created_utc < current.created_utc


def _is_dotted(version: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)*", version) is not None


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, without zeros at the end: 1.0 is 1."""
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _tflite_version(runtime: Runtime) -> tuple[int, ...]:
    return _LITERT_STANDS_FOR if runtime.name == "litert" else _numbers(runtime.version)
