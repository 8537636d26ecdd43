"""What may be wrong with the sound of one recording, and from where on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trainer.sound.audio import SILENCE_DBFS
from trainer.survey.finding import Entry, Finding, Kind
from trainer.survey.measure import Sound
from trainer.survey.scan import CorpusScan, Examined

CLIPPED_SHARE = 0.001
"""From this share of samples in flat tops on, a recording is called clipped."""

OFFSET = 0.01
"""From this mean on (-40 dBFS), a recording is said to have a DC offset."""

SHORTEST_S = 0.4
"""A recording that is shorter has hardly room for a word."""

LONGEST_S = 30.0
"""A recording that is longer has room for more than one emotion."""

CORRUPT = Kind(name="corrupt", severity="fault", text="cannot be decoded")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Check:
    kind: Kind
    look: Callable[[Sound], str | None]
    """What is said of a sound; None where there is nothing to say."""


def peak_level(amplitude: float) -> str:
    """Return a peak, full scale 1, as a level: ``"peak -12.0 dBFS"``."""
    return f"peak {20 * math.log10(amplitude):.1f} dBFS" if amplitude > 0 else "digital silence"


def _empty(sound: Sound) -> str | None:
    return None if sound.n_samples else "0 samples"


def _not_finite(sound: Sound) -> str | None:
    return f"{sound.n_not_finite} of {sound.n_samples}" if sound.n_not_finite else None


def _silent(sound: Sound) -> str | None:
    return peak_level(sound.peak) if sound.peak < 10 ** (SILENCE_DBFS / 20) else None


def _cut_off(sound: Sound) -> str | None:
    return f"{sound.duration_s:.2f} s are there" if sound.cut_off else None


def _clipped(sound: Sound) -> str | None:
    share = sound.clipped_share
    return f"{share:.1%}" if share >= CLIPPED_SHARE else None


def _offset(sound: Sound) -> str | None:
    return f"{sound.offset:+.1%}" if abs(sound.offset) >= OFFSET else None


def _short(sound: Sound) -> str | None:
    return f"{sound.duration_s:.2f} s" if sound.duration_s < SHORTEST_S else None


def _long(sound: Sound) -> str | None:
    return f"{sound.duration_s:.0f} s" if sound.duration_s > LONGEST_S else None


def _fault(name: str, text: str, look: Callable[[Sound], str | None]) -> _Check:
    return _Check(kind=Kind(name=name, severity="fault", text=text), look=look)


def _warning(name: str, text: str, look: Callable[[Sound], str | None]) -> _Check:
    return _Check(kind=Kind(name=name, severity="warning", text=text), look=look)


_FAULTS = (
    _fault("empty", "no sound in the file", _empty),
    _fault("not_finite", "samples that are not finite numbers", _not_finite),
    _fault("silent", f"silent: no sample is louder than {SILENCE_DBFS:g} dBFS", _silent),
)
"""A recording with one of them is looked at no further."""

_WARNINGS = (
    _warning("cut_off", "cut off: the file promises more sound than it holds", _cut_off),
    _warning("clipped", f"clipped: {CLIPPED_SHARE:.1%} of the samples or more flat", _clipped),
    _warning("offset", f"DC offset of {OFFSET:.0%} of full scale or more", _offset),
    _warning("short", f"shorter than {SHORTEST_S:g} s", _short),
    _warning("long", f"longer than {LONGEST_S:g} s", _long),
)


def fault_of(item: Examined) -> tuple[Kind, str] | None:
    """Return why a recording cannot be trained on, and what was found; None where it can."""
    if item.sound is None:
        return CORRUPT, item.trouble
    looks = ((check.kind, check.look(item.sound)) for check in _FAULTS)
    return next(((kind, detail) for kind, detail in looks if detail is not None), None)


def of_recordings(corpus: CorpusScan) -> Iterator[Finding]:
    """Yield what is wrong with the sounds of a corpus."""
    faults = [(item.file, fault_of(item)) for item in corpus.examined]
    for kind in (CORRUPT, *(check.kind for check in _FAULTS)):
        found = [Entry(subject=file, detail=f[1]) for file, f in faults if f and f[0] == kind]
        yield from kind.found(corpus.name, found)
    usable = [(i.file, i.sound) for i in corpus.examined if i.sound and not fault_of(i)]
    for check in _WARNINGS:
        looks = [(file, check.look(sound)) for file, sound in usable]
        found = [Entry(subject=file, detail=detail) for file, detail in looks if detail]
        yield from check.kind.found(corpus.name, found)
