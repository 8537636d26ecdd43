"""URDU: utterances cut from Urdu talk shows, 38 speakers, four emotions, none of them acted.

A name is ``SM1_F10_A010``: speaker (M or F tells the sex), the speaker's clip, the emotion's
initial and number. The release has a folder for each emotion.
"""

from __future__ import annotations

import re
from pathlib import Path

from trainer.corpora.base import (
    UNKNOWN_NAME,
    Corpus,
    NotUsed,
    Sex,
    Utterance,
    by_name,
    refuse_contradiction,
)
from trainer.corpora.words import meanings

_NAME = re.compile(r"(S([MF])\d+)_F(\d+)_([AHNS])\d+")
_EMOTIONS = {"A": "angry", "H": "happy", "N": "neutral", "S": "sad"}
_SEXES: dict[str, Sex] = {"M": "M", "F": "F"}


def _parse(path: Path) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise NotUsed(UNKNOWN_NAME)
    speaker, sex, clip, letter = match.groups()
    emotion = _EMOTIONS[letter]
    for parent in path.parts[:-1]:
        if parent.lower() in _EMOTIONS.values():
            refuse_contradiction(folder=parent.lower(), name=emotion)
    return Utterance(
        path=path,
        corpus="urdu",
        emotion=emotion,
        speaker=f"urdu_{speaker}",
        sex=_SEXES[sex],
        age_years=None,
        intensity="",
        text="",
        take=clip,
    )


CORPUS = Corpus(
    name="urdu",
    title="URDU",
    licence="research only",
    citation=(
        "Latif S, Qayyum A, Usman M, Qadir J (2018) Cross lingual speech emotion recognition: "
        "Urdu vs. Western languages. FIT 2018, 88-93"
    ),
    source="the corpus' own repository, siddiquelatif/URDU-Dataset",
    words=meanings("angry", "happy", "neutral", "sad"),
    read=by_name(_parse),
)
