"""RAVDESS: 24 North American actors, two sentences, eight emotions spoken or six sung.

A name is seven numbers: modality, channel, emotion, intensity, statement, repetition, actor.
"""

from __future__ import annotations

import re
from functools import partial
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

_NAME = re.compile(
    r"(?P<modality>0[123])-(?P<channel>0[12])-(?P<emotion>0[1-8])-(?P<intensity>0[12])"
    r"-(?P<statement>0[12])-(?P<repetition>0[12])-(?P<actor>0[1-9]|1\d|2[0-4])"
)
_FOLDER = re.compile(r"Actor_\d\d")
_AUDIO_ONLY = "03"
_EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgust",
    "08": "surprised",
}
_INTENSITIES = {"01": "normal", "02": "strong"}
_CHANNELS = {"01": "ravdess", "02": "ravdess-song"}
_TWINS = {"03-01-03-01-02-02-07": "03-01-03-01-02-01-07"}
"""In the original release these two are one recording; the second is dropped."""
_SUNG = meanings("calm", "happy", "sad", "angry", "fearful", "neutral")
_SPOKEN = meanings(*_EMOTIONS.values())


def _parse(path: Path, *, corpus: str) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise NotUsed(UNKNOWN_NAME)
    modality, channel, actor = match["modality"], match["channel"], match["actor"]
    if modality != _AUDIO_ONLY or _CHANNELS[channel] != corpus:
        reason = f"modality {modality}, channel {channel}: not the sound of {corpus}"
        raise NotUsed(reason, cause="by design")
    if path.stem in _TWINS:
        raise NotUsed(f"the same recording as {_TWINS[path.stem]}", cause="by design")
    if _FOLDER.fullmatch(path.parent.name):
        refuse_contradiction(folder=path.parent.name, name=f"Actor_{actor}")
    return Utterance(
        path=path,
        corpus=corpus,
        emotion=_EMOTIONS[match["emotion"]],
        speaker=f"ravdess_{actor}",
        sex="M" if int(actor) % 2 else "F",
        age_years=None,
        intensity=_INTENSITIES[match["intensity"]],
        text=f"stmt{match['statement']}",
        take=match["repetition"],
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
    words=_SPOKEN,
    read=by_name(partial(_parse, corpus="ravdess")),
)

SONG = Corpus(
    name="ravdess-song",
    title="RAVDESS song",
    licence="CC BY-NC-SA 4.0",
    citation=_CITATION,
    source="Zenodo record 1188976 (doi:10.5281/zenodo.1188976), Audio_Song_Actors_01-24",
    words=_SUNG,
    read=by_name(partial(_parse, corpus="ravdess-song")),
)
