"""Passwords at rest: scrypt, whose memory makes guessing dear; its costs are stored beside."""

from __future__ import annotations

import hmac
import os
import threading
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import scrypt
from typing import Final

from edge.errors import UsageError

LEAST_CHARACTERS: Final = 8
MOST_CHARACTERS: Final = 200

_NAME: Final = "scrypt"
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32

_one_at_a_time: Final = threading.Lock()
"""Several at once would take a Pi's memory, not only its time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one look at a password costs; 128 * n * r bytes of memory, here 32 MiB."""

    n: int = 2**15
    r: int = 8
    p: int = 1

    @property
    def n_bytes(self) -> int:
        """Memory that OpenSSL must be allowed, with some room."""
        return 128 * self.r * (self.n + self.p + 2) + 2**20


def refuse_weak(password: str, *, name: str) -> None:
    """Raise where a password is no hurdle.

    Raises
    ------
    UsageError
    """
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise UsageError(
            f"the password has {len(password)} characters; "
            f"it needs {LEAST_CHARACTERS} to {MOST_CHARACTERS}: some words in a row will do"
        )
    if name.casefold() in {password.casefold(), password.casefold()[::-1]}:
        raise UsageError("the password is the name itself; choose another")


def hashed(password: str, *, cost: Cost) -> str:
    """Return what is stored of a password: method, costs, salt and hash."""
    salt = os.urandom(_SALT_BYTES)
    parts = (b64encode(salt).decode(), b64encode(_hash(password, salt, cost)).decode())
    return "$".join((_NAME, str(cost.n), str(cost.r), str(cost.p), *parts))


def matches(password: str, stored: str) -> bool:
    """Return whether a password is the stored one; as long for a wrong one as for the right one."""
    cost, salt, expected = _parsed(stored)
    return hmac.compare_digest(_hash(password, salt, cost), expected)


def cost_of(stored: str) -> Cost:
    """Return what a stored password costs."""
    return _parsed(stored)[0]


def _parsed(stored: str) -> tuple[Cost, bytes, bytes]:
    _, n, r, p, salt, expected = stored.split("$")
    return Cost(n=int(n), r=int(r), p=int(p)), b64decode(salt), b64decode(expected)


def _hash(password: str, salt: bytes, cost: Cost) -> bytes:
    with _one_at_a_time:
        return scrypt(
            password.encode("utf-8", "surrogatepass"),
            salt=salt,
            n=cost.n,
            r=cost.r,
            p=cost.p,
            maxmem=cost.n_bytes,
            dklen=_HASH_BYTES,
        )
