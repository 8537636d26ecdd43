"""EmoDB: ten German actors, ten sentences, seven emotions, one of which has no label here.

A name is ``03a01Fa``: speaker, sentence, the emotion's German initial, version.
"""

from __future__ import annotations

import re
from pathlib import Path

from trainer.corpora.base import UNKNOWN_NAME, Corpus, NotUsed, Person, Utterance, by_name
from trainer.corpora.words import meanings

_NAME = re.compile(r"(\d\d)([ab]\d\d)([A-Z])([a-z])")
_EMOTIONS = {
    "F": "happiness",
    "T": "sadness",
    "W": "anger",
    "A": "anxiety",
    "E": "disgust",
    "N": "neutral",
    "L": "boredom",
}
_PEOPLE: dict[str, Person] = {
    "03": ("M", 31),
    "08": ("F", 34),
    "09": ("F", 21),
    "10": ("M", 32),
    "11": ("M", 26),
    "12": ("M", 30),
    "13": ("F", 32),
    "14": ("F", 35),
    "15": ("M", 25),
    "16": ("F", 31),
}


def _parse(path: Path) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None or match[1] not in _PEOPLE or match[3] not in _EMOTIONS:
        raise NotUsed(UNKNOWN_NAME)
    speaker, sentence, letter, version = match.groups()
    sex, age_years = _PEOPLE[speaker]
    return Utterance(
        path=path,
        corpus="emodb",
        emotion=_EMOTIONS[letter],
        speaker=f"emodb_{speaker}",
        sex=sex,
        age_years=age_years,
        intensity="",
        text=sentence,
        take=version,
    )


CORPUS = Corpus(
    name="emodb",
    title="EmoDB, the Berlin Database of Emotional Speech",
    licence="CC0 1.0",
    citation=(
        "Burkhardt F, Paeschke A, Rolfes M, Sendlmeier W, Weiss B (2005) A database of German "
        "emotional speech. Interspeech 2005, 1517-1520"
    ),
    source="Zenodo record 17651657 (EmoDB 2.0)",
    words=meanings(*_EMOTIONS.values()),
    read=by_name(_parse),
)
