"""nEMO: nine Polish actors, ninety sentences, six emotions.

A name is ``SK0_anger_12``: speaker, emotion, sentence.
"""

from __future__ import annotations

import re
from pathlib import Path

from trainer.corpora.base import UNKNOWN_NAME, Corpus, NotUsed, Sex, Utterance

_NAME = re.compile(r"([A-Z]{2}\d)_([a-z]+)_(\d+)")
_EMOTIONS = {
    "happiness": "happy",
    "sadness": "sad",
    "anger": "angry",
    "fear": "fearful",
    "surprised": "surprised",
    "neutral": "neutral",
}
_SEXES: dict[str, Sex] = {
    "EB0": "F",
    "IC0": "F",
    "KD0": "F",
    "MK0": "F",
    "MP0": "M",
    "SM0": "M",
    "TP0": "M",
}


def _parse(path: Path) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None or match[2] not in _EMOTIONS:
        raise NotUsed(UNKNOWN_NAME)
    speaker, emotion, sentence = match.groups()
    return Utterance(
        path=path,
        corpus="nemo",
        emotion=_EMOTIONS[emotion],
        speaker=f"nemo_{speaker}",
        sex=_SEXES.get(speaker, ""),
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
    emotions=("happy", "sad", "angry", "fearful", "surprised", "neutral"),
    parse=_parse,
)
