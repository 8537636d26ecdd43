"""What tests share: where the recordings lie, and skips that cannot pass for success."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def need(condition: object, reason: str) -> None:
    """Skip the test visibly where something is absent; fail where it must be there.

    CI and ``SER_REQUIRE_ALL=1`` turn the absence into a failure, so that a green run there means
    that everything ran.
    """
    if condition:
        return
    if os.environ.get("CI") or os.environ.get("SER_REQUIRE_ALL"):
        pytest.fail(f"required here, but absent: {reason}")
    pytest.skip(f"absent: {reason}")


def data_dir() -> Path:
    """Return the folder of real recordings: ``SER_DATA`` or ``../shared/data``."""
    folder = Path(os.environ.get("SER_DATA") or REPOSITORY.parent / "shared" / "data")
    need(folder.is_dir(), f"recordings in {folder.name}/ (set SER_DATA)")
    return folder
