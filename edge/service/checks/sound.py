"""The microphone: whether it is there, may be used, is free, and hears a room."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from edge.devices.alsa import AlsaTree
from edge.devices.hearing import Hearing, hear
from edge.devices.holders import Holder
from edge.devices.inventory import DeviceInfo, choose, list_devices
from edge.devices.microphone import PyAudioMicrophone
from edge.errors import AudioDeviceError
from edge.service.checks.finding import Finding, not_applicable, well
from edge.service.checks.people import Person, forbidden

LISTEN_S: Final = 3.0
_QUIETEST_DBFS: Final = -70.0
"""A live room through a sensible microphone is louder, even at night."""
_LOUDEST_DBFS: Final = -3.0
_MOST_CLIPPED: Final = 0.001
_LEAST_RATE_HZ: Final = 16000
_AUDIO_GROUP: Final = "audio"
_TURN_UP: Final = (
    "`alsamixer`, F6 to choose the card, F4 for capture: {}; then `sudo alsactl store`"
)
_SERVERS: Final = {
    "pulseaudio": ("PulseAudio", "pulseaudio.socket pulseaudio.service"),
    "pipewire": ("PipeWire", "pipewire.socket pipewire-pulse.socket pipewire wireplumber"),
    "pipewire-pulse": ("PipeWire", "pipewire.socket pipewire-pulse.socket pipewire wireplumber"),
    "wireplumber": ("PipeWire", "pipewire.socket pipewire-pulse.socket pipewire wireplumber"),
}


def permission(people: Sequence[Person], alsa: AlsaTree) -> Finding:
    """Check that whoever listens may use the sound devices."""
    nodes = alsa.capture_nodes()
    if not nodes:
        return not_applicable("sound", "no sound device that records is there")
    ill = forbidden("sound", people, nodes, group=_AUDIO_GROUP)
    names = " and ".join(person.name for person in people)
    return ill or well("sound", f"{names} may use {', '.join(map(str, nodes))}")


def microphone(device: str, alsa: AlsaTree) -> Finding:
    """Check that the configured microphone is there and that nobody else holds it."""
    others = [found for found in alsa.holders() if found.name != "this program itself"]
    try:
        devices = list_devices(alsa=alsa)
        chosen = choose(devices, device, alsa=alsa)
    except AudioDeviceError as error:
        if others:
            return busy(others)
        found, _, remedy = str(error).partition("; ")
        return Finding(name="microphone", verdict="problem", found=found, remedy=remedy)
    in_the_way = [found for found in others if _is_of(chosen, found, alsa)]
    if in_the_way:
        return busy(in_the_way)
    noun = "microphone" if len(devices) == 1 else "microphones"
    return well("microphone", f"{len(devices)} {noun} there; {device!r} means {chosen.name}")


def busy(holders: Sequence[Holder]) -> Finding:
    """Return the finding for a microphone that another program holds."""
    found = ", ".join(
        f"{_SERVERS.get(holder.name, (holder.name, ''))[0]} (process {holder.process}) "
        f"holds {holder.node}"
        for holder in holders
    )
    remedies = dict.fromkeys(map(_freeing, holders))
    return Finding(
        name="microphone",
        verdict="problem",
        found=f"in use: {found}",
        remedy="; ".join(remedies),
    )


def sound_format(device: str, alsa: AlsaTree) -> Finding:
    """Check that the microphone opens, and in what form it delivers."""
    try:
        source = PyAudioMicrophone(device, alsa=alsa)
    except AudioDeviceError as error:
        found, _, remedy = str(error).partition("; ")
        offers = [offer for card in alsa.cards() for offer in alsa.offers(card)]
        told = f" (the card itself offers {', '.join(offers)})" if offers else ""
        return Finding(name="format", verdict="problem", found=f"{found}{told}", remedy=remedy)
    name, rate_hz = source.device.name, source.sample_rate_hz
    source.close()
    return judge_rate(name, rate_hz)


def judge_rate(name: str, rate_hz: int) -> Finding:
    """Return the finding for the rate that a microphone opens with."""
    if rate_hz < _LEAST_RATE_HZ:
        return Finding(
            name="format",
            verdict="warning",
            found=f"{name} records no faster than {rate_hz} Hz: half of a voice is missing",
            remedy="use a microphone that records at 16000 Hz or more; nearly every USB one does",
        )
    turned = "" if rate_hz == _LEAST_RATE_HZ else f", brought to {_LEAST_RATE_HZ} Hz here"
    return well("format", f"{rate_hz} Hz{turned}")


def level(device: str, *, duration_s: float) -> Finding:
    """Check that the microphone hears a room: neither nothing nor too much."""
    return judge_level(hear(device, duration_s=duration_s))


def level_of_service(
    read_level: Callable[[], float | None],
    *,
    duration_s: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Finding:
    """Judge the level that the service tells about once a second while it holds the microphone."""
    levels = []
    for _ in range(max(1, round(duration_s))):
        told = read_level()
        if told is not None:
            levels.append(told)
        sleep(1.0)
    if not levels:
        return not_applicable("level", "the service holds the microphone and tells no level")
    mean = float(10 * np.log10(np.mean(10 ** (np.array(levels) / 10))))
    found = f"{mean:.1f} dBFS, as the service hears it"
    if mean >= _LOUDEST_DBFS:
        return _too_loud(found)
    return _too_quiet(found) if mean < _QUIETEST_DBFS else well("level", found)


def judge_level(heard: Hearing) -> Finding:
    """Return the finding for what a microphone heard."""
    found = f"{heard.level_dbfs:.1f} dBFS, {heard.clipped_share:.1%} clipped, {heard.name}"
    if heard.clipped_share > _MOST_CLIPPED:
        return _too_loud(found)
    if heard.level_dbfs < _QUIETEST_DBFS:
        return _too_quiet(found)
    if heard.n_lost:
        found = f"{found}, {heard.n_lost} samples lost"
        remedy = "stop what else keeps this machine busy; `top` shows it"
        return Finding(name="level", verdict="warning", found=found, remedy=remedy)
    return well("level", found)


def _too_loud(found: str) -> Finding:
    remedy = _TURN_UP.format("turn it down")
    return Finding(name="level", verdict="warning", found=f"too loud: {found}", remedy=remedy)


def _too_quiet(found: str) -> Finding:
    return Finding(
        name="level",
        verdict="problem",
        found=f"hardly any sound: {found}",
        remedy=_TURN_UP.format("switch it on (space) and turn it up (arrow)"),
    )


def _is_of(chosen: DeviceInfo, held: Holder, alsa: AlsaTree) -> bool:
    """Return whether a held device file belongs to the chosen microphone, or may do so."""
    card = next((c for c in alsa.cards().values() if f"pcmC{c.number}D" in held.node.name), None)
    return card is None or chosen.alsa_id is None or f"CARD={card.card_id}," in chosen.alsa_id


def _freeing(holder: Holder) -> str:
    if holder.name in _SERVERS:
        name, units = _SERVERS[holder.name]
        return f"`systemctl --user mask --now {units}` keeps {name} from the microphone for good"
    if holder.unit:
        return f"`sudo systemctl stop {holder.unit}`"
    return f"`sudo kill {holder.process}`"
