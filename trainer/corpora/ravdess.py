"""RAVDESS: 24 North American actors, two sentences, eight emotions spoken or six sung.

A name is seven numbers: modality, channel, emotion, intensity, statement, repetition, actor.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from edge.contract.labels import EMOTIONS
from trainer.corpora.base import UNKNOWN_NAME, Corpus, NotUsed, Utterance

_NAME = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")
_AUDIO_ONLY = "03"
_EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgusted",
    "08": "surprised",
}
_INTENSITIES = {"01": "normal", "02": "strong"}
_CHANNELS = {"01": "ravdess", "02": "ravdess-song"}
_TWINS = {"03-01-03-01-02-02-07": "03-01-03-01-02-01-07"}
"""In the original release these two are one recording; the second is dropped."""


def _parse(path: Path, *, corpus: str) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None or match[3] not in _EMOTIONS or match[4] not in _INTENSITIES:
        raise NotUsed(UNKNOWN_NAME)
    modality, channel, emotion, intensity, statement, repetition, actor = match.groups()
    if modality != _AUDIO_ONLY or _CHANNELS.get(channel) != corpus:
        raise NotUsed(f"modality {modality}, channel {channel}: not the sound of {corpus}")
    if path.stem in _TWINS:
        raise NotUsed(f"the same recording as {_TWINS[path.stem]}")
    return Utterance(
        path=path,
        corpus=corpus,
        emotion=_EMOTIONS[emotion],
        speaker=f"ravdess_{actor}",
        sex="M" if int(actor) % 2 else "F",
        intensity=_INTENSITIES[intensity],
        text=f"stmt{statement}",
        take=repetition,
    )


_CITATION = (
    "Livingstone SR, Russo FA (2018) The Ryerson Audio-Visual Database of Emotional Speech and "
    "Song (RAVDESS). PLoS ONE 13(5): e0196391"
)

SPEECH = Corpus(
    name="ravdess",
    title="RAVDESS speech",
    licence="CC BY-NC-SA 4.0",
    citation=_CITATION,
    source="Zenodo record 1188976 (doi:10.5281/zenodo.1188976), Audio_Speech_Actors_01-24",
    emotions=EMOTIONS,
    parse=partial(_parse, corpus="ravdess"),
)

SONG = Corpus(
    name="ravdess-song",
    title="RAVDESS song",
    licence="CC BY-NC-SA 4.0",
    citation=_CITATION,
    source="Zenodo record 1188976 (doi:10.5281/zenodo.1188976), Audio_Song_Actors_01-24",
    emotions=("calm", "happy", "sad", "angry", "fearful", "neutral"),
    parse=partial(_parse, corpus="ravdess-song"),
)
