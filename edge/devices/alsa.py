"""What Linux itself tells about sound cards: their names, who holds them, who may use them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


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

    def holders(self) -> list[str]:
        """Say which processes hold a capture device; other users' only if we are root.

        Returns
        -------
        list of str
            For example ``"arecord (process 812) holds /dev/snd/pcmC1D0c"``.
        """
        nodes = set(self.capture_nodes())
        return [
            f"{_command(process)} (process {process.name}) holds {node}"
            for process in sorted(self.proc.glob("[0-9]*"))
            for node in sorted(_open_files(process) & nodes)
        ]


def _card(folder: Path) -> SoundCard:
    return SoundCard(
        number=int(folder.name.removeprefix("card")),
        card_id=(folder / "id").read_text(errors="replace").strip(),
        is_usb=(folder / "usbid").exists(),
    )


def _open_files(process: Path) -> set[Path]:
    try:
        return {link.readlink() for link in (process / "fd").iterdir()}
    except OSError:  # not ours to see, or already gone
        return set()


def _command(process: Path) -> str:
    if process.name == str(os.getpid()):
        return "this program itself"
    try:
        return (process / "comm").read_text(errors="replace").strip()
    except OSError:
        return "a process"
