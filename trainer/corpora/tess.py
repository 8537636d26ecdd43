"""TESS: two women of Toronto, 26 and 64 years old, 200 words, seven emotions.

A name is ``OAF_back_angry``: speaker, word, emotion; ``ps`` is the pleasant surprise.
"""

from __future__ import annotations

import re
from pathlib import Path

from trainer.corpora.base import UNKNOWN_NAME, Corpus, NotUsed, Utterance

_NAME = re.compile(r"(OAF|YAF|OA)_([a-z-]+)_([a-z]+)", re.IGNORECASE)
_SPEAKERS = {"OAF": "OAF", "OA": "OAF", "YAF": "YAF"}
"""The release names one file of the elder speaker ``OA_bite_neutral``."""
_EMOTIONS = {
    "happy": "happy",
    "sad": "sad",
    "angry": "angry",
    "fear": "fearful",
    "disgust": "disgusted",
    "ps": "surprised",
    "neutral": "neutral",
}


def _parse(path: Path) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None or match[3].lower() not in _EMOTIONS:
        raise NotUsed(UNKNOWN_NAME)
    return Utterance(
        path=path,
        corpus="tess",
        emotion=_EMOTIONS[match[3].lower()],
        speaker=f"tess_{_SPEAKERS[match[1].upper()]}",
        sex="F",
        intensity="",
        text=match[2].lower(),
        take="",
    )


CORPUS = Corpus(
    name="tess",
    title="TESS, the Toronto emotional speech set",
    licence="CC BY-NC-ND 4.0",
    citation=(
        "Pichora-Fuller MK, Dupuis K (2020) Toronto emotional speech set (TESS). Borealis V1"
    ),
    source="Borealis (doi:10.5683/SP2/E8H2MF)",
    emotions=("happy", "sad", "angry", "fearful", "disgusted", "surprised", "neutral"),
    parse=_parse,
)
