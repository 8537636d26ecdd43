"""Names on a broker: topics that no two rooms share, out of what people call their rooms."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from edge.errors import ConfigError

ONLINE: Final = "online"
OFFLINE: Final = "offline"

_GERMAN: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_FORBIDDEN: Final = re.compile(r"[+#\x00]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Topics:
    """Where one room speaks and is spoken to."""

    head: str
    """``ser-edge/living_room``."""
    node: str
    """The same in letters that Home Assistant takes for a name: ``ser-edge_living_room``."""

    @classmethod
    def of(cls, *, prefix: str, room: str) -> Topics:
        """Return the topics of a room.

        Raises
        ------
        ConfigError
            If a broker would not take the prefix.
        """
        prefix = prefix.strip("/")
        if not prefix or _FORBIDDEN.search(prefix):
            raise ConfigError(
                f"mqtt.prefix is {prefix!r}; expected the head of a topic, as in "
                '"ser-edge", without + and #'
            )
        name = slug(room)
        return cls(head=f"{prefix}/{name}", node=re.sub(r"[^A-Za-z0-9_-]", "_", f"{prefix}_{name}"))

    def __call__(self, name: str) -> str:
        """Return the topic of one thing: ``ser-edge/living_room/emotion``."""
        return f"{self.head}/{name}"


def slug(room: str) -> str:
    """Return a room's name in small letters, digits, ``_`` and ``-``; never empty.

    Another name is another slug, also where nothing of it is left: then a sum of it follows.
    """
    words = unicodedata.normalize("NFC", room).strip().casefold().translate(_GERMAN)
    plain = unicodedata.normalize("NFKD", words)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    kept = re.sub(r"[^a-z0-9_-]+", "_", plain).strip("_")
    is_lossy = not re.fullmatch(r"[\x20-\x7e]+", plain) or not kept
    if not is_lossy:
        return kept
    return "_".join(part for part in (kept, sha256(words.encode()).hexdigest()[:6]) if part)
