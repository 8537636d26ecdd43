"""What Linux itself tells about sound cards: their names, who holds them, who may use them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.devices.holders import Holder, holder, holders_of

_NODE: Final = re.compile(r"pcmC(?P<card>\d+)D(?P<device>\d+)c")
_OFFER: Final = re.compile(r"Format: (\w+)\n(?:[^\n]+\n)*?\s*Rates: ([\d, -]*\d)")
_OWNER: Final = re.compile(r"^owner_pid\s*:\s*(\d+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundCard:
    """One sound card as the kernel sees it."""

    number: int
    """Changes with the order of plugging; never to be stored."""
    card_id: str
    """Stable short name, for example ``"Device"``, as in ``plughw:CARD=Device``."""
    is_usb: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AlsaTree:
    """The kernel's two trees about sound; other roots serve tests."""

    proc: Path = Path("/proc")
    dev_snd: Path = Path("/dev/snd")

    def cards(self) -> dict[int, SoundCard]:
        """Return the cards by their number."""
        folders = (self.proc / "asound").glob("card[0-9]*")
        cards = (_card(folder) for folder in folders if (folder / "id").is_file())
        return {card.number: card for card in cards}

    def capture_nodes(self) -> list[Path]:
        """Return the device files through which sound comes in."""
        return sorted(self.dev_snd.glob("pcmC*D*c"))

    def forbidden_nodes(self) -> list[Path]:
        """Return the capture device files that this process may not open."""
        return [node for node in self.capture_nodes() if not os.access(node, os.R_OK | os.W_OK)]

    def holders(self) -> list[Holder]:
        """Return who holds a capture device; the kernel names the owner to every user."""
        nodes = self.capture_nodes()
        known = {(found.process, found.node): found for found in holders_of(nodes, proc=self.proc)}
        for found in filter(None, map(self._owner, nodes)):
            known.setdefault((found.process, found.node), found)
        return list(known.values())

    def offers(self, card: int) -> list[str]:
        """Return the formats in which a USB card records: ``"S16_LE at 48000, 44100 Hz"``."""
        text = _text(self.proc / f"asound/card{card}/stream0").partition("\nCapture:")[2]
        formats = [f"{kind} at {rates} Hz" for kind, rates in _OFFER.findall(text)]
        return list(dict.fromkeys(formats))

    def _owner(self, node: Path) -> Holder | None:
        place = _NODE.fullmatch(node.name)
        if place is None:
            return None
        stream = self.proc / f"asound/card{place['card']}/pcm{place['device']}c"
        for status in sorted(stream.glob("sub*/status")):
            owner = _OWNER.search(_text(status))
            if owner:
                return holder(int(owner[1]), node, proc=self.proc)
        return None


def _card(folder: Path) -> SoundCard:
    return SoundCard(
        number=int(folder.name.removeprefix("card")),
        card_id=(folder / "id").read_text(errors="replace").strip(),
        is_usb=(folder / "usbid").exists(),
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
