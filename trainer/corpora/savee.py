"""SAVEE: four English men of 27 to 31 years, seven emotions, 120 sentences each.

A name is ``DC_a01`` or, in the folder ``DC``, just ``a01``: speaker, emotion, sentence.
"""

from __future__ import annotations

import re
from pathlib import Path

from trainer.corpora.base import (
    UNKNOWN_NAME,
    Corpus,
    NotUsed,
    Utterance,
    by_name,
    refuse_contradiction,
)
from trainer.corpora.words import meanings

_NAME = re.compile(r"(?:(DC|JE|JK|KL)_)?(sa|su|[adfhn])(\d\d)")
_SPEAKERS = frozenset({"DC", "JE", "JK", "KL"})
_EMOTIONS = {
    "a": "anger",
    "d": "disgust",
    "f": "fear",
    "h": "happiness",
    "n": "neutral",
    "sa": "sadness",
    "su": "surprise",
}
_N_SENTENCES = {letters: 30 if letters == "n" else 15 for letters in _EMOTIONS}
_N_COMMON = 3
"""The first sentences are the same in every emotion."""


def _parse(path: Path) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None or not 1 <= int(match[3]) <= _N_SENTENCES[match[2]]:
        raise NotUsed(UNKNOWN_NAME)
    _, letters, number = match.groups()
    return Utterance(
        path=path,
        corpus="savee",
        emotion=_EMOTIONS[letters],
        speaker=f"savee_{_speaker(match[1], path.parent.name)}",
        sex="M",
        # Published for the four together only.
        age_years=None,
        intensity="",
        text=number if int(number) <= _N_COMMON else f"{letters}{number}",
        take="",
    )


def _speaker(prefix: str | None, folder: str) -> str:
    if prefix is None and folder not in _SPEAKERS:
        raise NotUsed("neither its name nor its folder tells the speaker")
    if prefix is not None and folder in _SPEAKERS:
        refuse_contradiction(folder=folder, name=prefix)
    return prefix or folder


CORPUS = Corpus(
    name="savee",
    title="SAVEE, Surrey Audio-Visual Expressed Emotion",
    licence="research only",
    citation=(
        "Haq S, Jackson PJB (2009) Speaker-dependent audio-visual emotion recognition. "
        "AVSP 2009, 53-58"
    ),
    source="the University of Surrey, on registration",
    words=meanings(*_EMOTIONS.values()),
    read=by_name(_parse),
)
