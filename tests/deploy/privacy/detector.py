"""Finds sound and features in bytes, in whichever form a program might hold them.

A piece of sound is known by its numbers: 16 bytes of them in a row. All runs of 16 bytes in what
was written are looked up among those of the sound, as every kind of number that the program or a
careless change could write. Texts (JSON, CSV, base64, hexadecimal) are looked at as texts.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RUN_BYTES = 16
_EVERY = 24
"""One run in so many numbers is looked up: whoever writes twice as many in a row is found."""
_LEAST_DIFFERENT = 8
"""Silence and constants look like anything: a run needs so many different bytes."""
_ODD = np.uint64(0x9E3779B97F4A7C15)

_NUMBERS = re.compile(
    rb"-?\d+(?:\.\d+)?(?:[eE]-?\d+)?(?:[,;\s\]\[]+-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)+"
)
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{64,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){40,}")


def forms(values: NDArray[np.floating], *, name: str) -> dict[str, NDArray[np.generic]]:
    """Return numbers from -1 to 1 as a program might write them."""
    scaled = np.clip(np.round(values * 32768.0), -32768, 32767)
    return {
        f"{name} as int16": scaled.astype("<i2"),
        f"{name} as int16, big-endian": scaled.astype(">i2"),
        f"{name} as int32": (scaled * 65536).astype("<i4"),
        f"{name} as float32": values.astype("<f4"),
        f"{name} as float64": values.astype("<f8"),
        f"{name} as 8 bits": (np.round(values * 127.0) + 128).astype("u1"),
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that should not be there."""

    what: str
    n_runs: int


class Detector:
    """Knows the numbers that must not be found.

    Parameters
    ----------
    secrets : Mapping
        Numbers by a name for people.
    """

    def __init__(self, secrets: Mapping[str, NDArray[np.generic]]) -> None:
        self._runs = {name: _runs_of(numbers) for name, numbers in secrets.items()}

    def findings(self, content: bytes) -> list[Finding]:
        """Return what of the secrets stands in some bytes, and which texts look like a table."""
        decoded = b"".join([content, *_decoded(content)])
        haystack = np.unique(_hashes(np.frombuffer(decoded, np.uint8)))
        found = [
            Finding(what=name, n_runs=int(np.isin(runs, haystack, assume_unique=True).sum()))
            for name, runs in self._runs.items()
        ]
        longest = longest_row_of_numbers(decoded)
        rows = [Finding(what="a row of numbers in a text", n_runs=longest)] if longest > 16 else []
        return [finding for finding in found if finding.n_runs] + rows


def longest_row_of_numbers(content: bytes) -> int:
    """Return how many numbers stand in a row in a text, with nothing but separators between."""
    return max(
        (len(re.findall(rb"\d+(?:\.\d+)?", row)) for row in _NUMBERS.findall(content)), default=0
    )


def _runs_of(numbers: NDArray[np.generic]) -> NDArray[np.uint64]:
    per_run = RUN_BYTES // numbers.dtype.itemsize
    n_rows = len(numbers) // _EVERY
    rows = np.ascontiguousarray(numbers[: n_rows * _EVERY].reshape(n_rows, _EVERY)[:, :per_run])
    content = rows.view(np.uint8).reshape(n_rows, RUN_BYTES)
    different = 1 + (np.diff(np.sort(content, axis=1), axis=1) != 0).sum(axis=1)
    telling = content[different >= _LEAST_DIFFERENT]
    return np.unique(_hashed(telling))


def _hashes(content: NDArray[np.uint8]) -> NDArray[np.uint64]:
    if len(content) < RUN_BYTES:
        return np.zeros(0, np.uint64)
    parts = []
    for start in range(0, len(content), 2**22):
        piece = content[start : start + 2**22 + RUN_BYTES - 1]
        if len(piece) >= RUN_BYTES:
            windows = np.lib.stride_tricks.sliding_window_view(piece, RUN_BYTES)
            parts.append(np.unique(_hashed(windows)))
    return np.concatenate(parts)


def _hashed(runs: NDArray[np.uint8]) -> NDArray[np.uint64]:
    halves = np.ascontiguousarray(runs).view("<u8").reshape(-1, 2)
    with np.errstate(over="ignore"):
        return halves[:, 0] * _ODD + (halves[:, 1] ^ (halves[:, 0] >> np.uint64(29)))


def _decoded(content: bytes) -> Iterator[bytes]:
    for text in _BASE64.findall(content):
        try:
            yield base64.b64decode(
                text + b"=" * (-len(text) % 4), altchars=b"-_" if set(text) & set(b"-_") else None
            )
        except binascii.Error:
            continue
    for text in _HEX.findall(content):
        yield bytes.fromhex(text.decode())
