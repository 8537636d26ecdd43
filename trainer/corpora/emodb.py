"""EmoDB: ten German actors, ten sentences, seven emotions, one of which has no label here.

A name is ``03a01Fa``: speaker, sentence, the emotion's German initial, version.
"""

from __future__ import annotations

import re
from pathlib import Path

from trainer.corpora.base import UNKNOWN_NAME, Corpus, NotUsed, Sex, Utterance

_NAME = re.compile(r"(\d\d)([ab]\d\d)([A-Z])([a-z])")
_BOREDOM = "L"
_EMOTIONS = {
    "F": "happy",
    "T": "sad",
    "W": "angry",
    "A": "fearful",
    "E": "disgusted",
    "N": "neutral",
}
_SEXES: dict[str, Sex] = {
    "03": "M",
    "08": "F",
    "09": "F",
    "10": "M",
    "11": "M",
    "12": "M",
    "13": "F",
    "14": "F",
    "15": "M",
    "16": "F",
}


def _parse(path: Path) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None or match[1] not in _SEXES:
        raise NotUsed(UNKNOWN_NAME)
    speaker, sentence, letter, version = match.groups()
    if letter == _BOREDOM:
        raise NotUsed("boredom, which is no label here")
    if letter not in _EMOTIONS:
        raise NotUsed(UNKNOWN_NAME)
    return Utterance(
        path=path,
        corpus="emodb",
        emotion=_EMOTIONS[letter],
        speaker=f"emodb_{speaker}",
        sex=_SEXES[speaker],
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
    emotions=("happy", "sad", "angry", "fearful", "disgusted", "neutral"),
    parse=_parse,
)
