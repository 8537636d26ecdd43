"""TESS: two women of Toronto, 26 and 64 years old, 200 words, seven emotions.

A name is ``OAF_back_angry``: speaker, word, emotion; ``ps`` is the pleasant surprise.
"""

from __future__ import annotations

import re
from pathlib import Path

from trainer.corpora.base import UNKNOWN_NAME, Corpus, NotUsed, Utterance, by_name
from trainer.corpora.words import meanings

_NAME = re.compile(
    r"(OAF|YAF|OA)_([a-z-]+)_(happy|sad|angry|fear|disgust|ps|neutral)", re.IGNORECASE
)
_SPEAKERS = {"OAF": "OAF", "OA": "OAF", "YAF": "YAF"}
"""The release names one file of the elder speaker ``OA_bite_neutral``."""
_AGES_YEARS = {"OAF": 64, "YAF": 26}


def _parse(path: Path) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise NotUsed(UNKNOWN_NAME)
    speaker, emotion = _SPEAKERS[match[1].upper()], match[3].lower()
    return Utterance(
        path=path,
        corpus="tess",
        emotion="pleasant surprise" if emotion == "ps" else emotion,
        speaker=f"tess_{speaker}",
        sex="F",
        age_years=_AGES_YEARS[speaker],
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
    words=meanings("happy", "sad", "angry", "fear", "disgust", "pleasant surprise", "neutral"),
    read=by_name(_parse),
)
