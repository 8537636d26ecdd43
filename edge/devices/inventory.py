"""Which microphones there are, and which one a name means."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from edge.devices.alsa import AlsaTree, SoundCard
from edge.devices.portaudio import PortAudio, PortDevice
from edge.devices.quiet import quiet_stderr
from edge.errors import AudioDeviceError

_HARDWARE: Final = re.compile(r"\(hw:(\d+),(\d+)\)")
_ALSA_NAME: Final = re.compile(
    r"(?:(?:plug)?hw:(?:CARD=)?)?(?P<card>[a-z]\w*)(?:,(?:DEV=)?(?P<device>\d+))?$", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceInfo:
    """A device that can record."""

    name: str
    """As PortAudio calls it: ``"USB PnP Sound Device: Audio (hw:1,0)"``."""
    alsa_id: str | None
    """Stable ALSA name: ``"plughw:CARD=Device,DEV=0"``; None for a device of asound.conf."""
    n_channels: int
    default_rate_hz: int
    is_default: bool
    """Whether PortAudio would take it if nobody chose."""
    is_usb: bool
    index: int
    """Place in PortAudio's list of this moment; to be stored nowhere."""

    @property
    def config_value(self) -> str:
        """What to write into the configuration: it means this device after a reboot too."""
        return self.alsa_id or self.name


def list_devices(
    *, alsa: AlsaTree | None = None, engine: Callable[[], PortAudio] = PortAudio
) -> list[DeviceInfo]:
    """Return every capture device, in PortAudio's order.

    Raises
    ------
    AudioDeviceError
        If PyAudio is not installed. No device at all is an empty list, no error.
    """
    portaudio = engine()
    try:
        with quiet_stderr():
            return describe(portaudio, alsa or AlsaTree())
    finally:
        portaudio.close()


def describe(portaudio: PortAudio, alsa: AlsaTree) -> list[DeviceInfo]:
    """Return the devices of one PortAudio, with what the kernel knows of their cards."""
    cards = alsa.cards()
    return [_info(device, cards) for device in portaudio.capture_devices()]


def choose(devices: Sequence[DeviceInfo], wanted: str, *, alsa: AlsaTree) -> DeviceInfo:
    """Return the device that a configured name means.

    Parameters
    ----------
    devices : sequence of DeviceInfo
        What is there now.
    wanted : str
        ``""``: a USB microphone if there is one, else the system's default, else any. Otherwise,
        without regard to case and in this order: a whole name, an ALSA card (``"Device"``,
        ``"plughw:CARD=Device,DEV=0"``), a part of a name; the first match counts.
    alsa : AlsaTree
        Where to look for the reason if there is no such device.

    Raises
    ------
    AudioDeviceError
        If there is none; it says why and what there is.
    """
    if not devices:
        raise AudioDeviceError(_why_none(alsa))
    matches = _preferred(devices) if not wanted.strip() else _named(devices, wanted.strip())
    if not matches:
        raise AudioDeviceError(_why_not(devices, wanted, alsa))
    return matches[0]


def hindrance(alsa: AlsaTree) -> str | None:
    """Return why the kernel keeps a microphone from us, with the remedy; None if it does not."""
    forbidden = alsa.forbidden_nodes()
    if forbidden:
        return (
            f"no permission to use {forbidden[0]}; add the user to group audio: "
            "`sudo usermod -aG audio $USER`, then log in again"
        )
    holders = ", ".join(map(str, alsa.holders()))
    return f"it is in use: {holders}; stop that program" if holders else None


def _info(device: PortDevice, cards: dict[int, SoundCard]) -> DeviceInfo:
    place = _HARDWARE.search(device.name)
    card = cards.get(int(place[1])) if place else None
    return DeviceInfo(
        name=device.name,
        alsa_id=f"plughw:CARD={card.card_id},DEV={place[2]}" if card and place else None,
        n_channels=device.n_channels,
        default_rate_hz=device.default_rate_hz,
        is_default=device.is_default,
        is_usb=card is not None and card.is_usb,
        index=device.index,
    )


def _preferred(devices: Sequence[DeviceInfo]) -> list[DeviceInfo]:
    return sorted(devices, key=lambda d: (not d.is_usb, not d.is_default, d.alsa_id is None))


def _named(devices: Sequence[DeviceInfo], wanted: str) -> list[DeviceInfo]:
    rules = (
        lambda d: d.name.casefold() == wanted.casefold(),
        lambda d: _is_on_card(d, wanted),
        lambda d: wanted.casefold() in d.name.casefold(),
    )
    return [device for rule in rules for device in devices if rule(device)]


def _is_on_card(device: DeviceInfo, wanted: str) -> bool:
    asked, has = _ALSA_NAME.match(wanted), _ALSA_NAME.match(device.alsa_id or "")
    if asked is None or has is None:
        return False
    is_same_card = asked["card"].casefold() == has["card"].casefold()
    return is_same_card and asked["device"] in {None, has["device"]}


def _why_none(alsa: AlsaTree) -> str:
    reason = hindrance(alsa)
    if reason:
        return f"no microphone can be used: {reason}"
    return "no microphone found; plug in a USB microphone and see whether `arecord -l` lists it"


def _why_not(devices: Sequence[DeviceInfo], wanted: str, alsa: AlsaTree) -> str:
    there = ", ".join(repr(device.config_value) for device in devices)
    reason = hindrance(alsa)
    remedy = f"perhaps {reason}" if reason else "name one of these"
    return f"no microphone is called {wanted!r}; there are {there}; {remedy}"
