"""What is asked before a voice is gathered, in the languages of those who are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

WORDING: Final = "1"
"""Version of the texts; other texts need another one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentWords:
    """One language."""

    text: str
    """With places for ``time`` and ``path``."""
    question: str
    yes: str
    """The one answer that counts."""
    by: str
    minutes: str
    day: str
    days: str


_ENGLISH: Final = """\
For {time}, ser-edge notes how its model hears the voices in this room. It is meant for
one person, as they usually talk: mostly this person should be heard, mostly as usual.

Kept are 30 numbers: how much speech there was, and for each of seven kinds of emotion a
mean, a spread and two counts. Kept are no sound, no words, no spectrum and no time of day.
The numbers tell how this person mostly sounds to the program. They lie in
  {path}
and are sent nowhere. `ser-edge calibrate reset` deletes them at any time.

Whoever else talks in this room meanwhile is heard too: visitors and staff must know of it.
The person may say no, now or later, and has no disadvantage by it. If the person cannot
decide this alone, the legal representative does; the person's own no still counts.
"""

_GERMAN: Final = """\
{time} lang hält ser-edge fest, wie sein Modell die Stimmen in diesem Raum hört. Es geht um
einen Menschen, wie er gewöhnlich spricht: meistens soll er zu hören sein, meistens wie sonst.

Gespeichert werden 30 Zahlen: wie viel gesprochen wurde, und zu jeder von sieben Arten von
Gefühl ein Mittelwert, eine Streuung und zwei Anzahlen. Gespeichert werden kein Ton, keine
Worte, kein Spektrum und keine Uhrzeiten. Die Zahlen sagen, wie dieser Mensch für das
Programm meistens klingt. Sie liegen in
  {path}
und werden nirgendwohin gesandt. `ser-edge calibrate reset` löscht sie, jederzeit.

Wer sonst in diesem Raum spricht, wird mitgehört: Besuch und Personal müssen es wissen.
Der Mensch darf Nein sagen, jetzt oder später, und hat davon keinen Nachteil. Kann er das
nicht allein entscheiden, tut es die gesetzliche Vertretung; sein eigenes Nein zählt dennoch.
"""

LANGUAGES: Final[Mapping[str, ConsentWords]] = MappingProxyType(
    {
        "en": ConsentWords(
            text=_ENGLISH,
            question="Does the person, or who is responsible, agree? Type yes: ",
            yes="yes",
            by="Who agrees? ",
            minutes="minutes",
            day="day",
            days="days",
        ),
        "de": ConsentWords(
            text=_GERMAN,
            question="Stimmt der Mensch zu, oder wer für ihn verantwortlich ist? Tippen Sie ja: ",
            yes="ja",
            by="Wer stimmt zu? ",
            minutes="Minuten",
            day="Tag",
            days="Tage",
        ),
    }
)
