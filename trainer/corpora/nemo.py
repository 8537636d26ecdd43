"""nEMO: nine Polish actors, ninety sentences, six emotions.

A name is ``SK0_anger_12``: speaker, emotion, sentence.
"""

from __future__ import annotations

import re
from pathlib import Path

from trainer.corpora.base import (
    STRANGER,
    UNKNOWN_NAME,
    Corpus,
    NotUsed,
    Person,
    Utterance,
    by_name,
)
from trainer.corpora.words import meanings

_NAME = re.compile(r"([A-Z]{2}\d)_(happiness|sadness|anger|fear|surprised|neutral)_(\d+)")
_PEOPLE: dict[str, Person] = {
    "EB0": ("F", 27),
    "IC0": ("F", 28),
    "KD0": ("F", 28),
    "KS0": ("M", 23),
    "MK0": ("F", 23),
    "MP0": ("M", 24),
    "SM0": ("M", 24),
    "TP0": ("M", 26),
    "WR0": ("M", 23),
}
"""As the release's ``data.tsv`` has them."""


def _parse(path: Path) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise NotUsed(UNKNOWN_NAME)
    speaker, emotion, sentence = match.groups()
    sex, age_years = _PEOPLE.get(speaker, STRANGER)
    return Utterance(
        path=path,
        corpus="nemo",
        emotion=emotion,
        speaker=f"nemo_{speaker}",
        sex=sex,
        age_years=age_years,
        intensity="",
        text=sentence,
        take="",
    )


CORPUS = Corpus(
    name="nemo",
    title="nEMO",
    licence="CC BY-NC-SA 4.0",
    citation="Christop I (2024) nEMO: Dataset of Emotional Speech in Polish. LREC-COLING 2024",
    source="the corpus' own repository, amu-cai/nEMO",
    words=meanings("happiness", "sadness", "anger", "fear", "surprised", "neutral"),
    read=by_name(_parse),
)
