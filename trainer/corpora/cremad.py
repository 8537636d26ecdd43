"""CREMA-D: 91 actors of 20 to 74 years, twelve sentences, six emotions, one sentence at levels.

A name is ``1001_IEO_ANG_HI``: actor, sentence, emotion, level (XX where none was asked for).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from trainer.corpora import sheet
from trainer.corpora.base import (
    STRANGER,
    UNKNOWN_NAME,
    Corpus,
    Found,
    NotUsed,
    Person,
    Sex,
    Utterance,
    by_name,
)
from trainer.corpora.sheet import Fault, Row
from trainer.corpora.words import meanings, plain

_NAME = re.compile(
    r"(10\d\d)_(IEO|TIE|IOM|IWW|TAI|MTI|IWL|ITH|DFA|ITS|TSI|WSI)"
    r"_(ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX?)"
)
_UNTOLD_LEVEL = "XX"
"""Early releases name ``1040_ITH_SAD_X`` with a single X."""
_EMOTIONS = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
_ACTORS = range(1001, 1092)
_PEOPLE_NAME = "VideoDemographics.csv"
_SEXES: dict[str, Sex] = {"male": "M", "female": "F"}


def _read(folder: Path) -> Iterator[Found]:
    return by_name(partial(_parse, people=_people(folder)))(folder)


def _parse(path: Path, *, people: Mapping[str, Person]) -> Utterance:
    match = _NAME.fullmatch(path.stem)
    if match is None or int(match[1]) not in _ACTORS:
        raise NotUsed(UNKNOWN_NAME)
    actor, sentence, emotion, level = match.groups()
    sex, age_years = people.get(actor, STRANGER)
    return Utterance(
        path=path,
        corpus="crema-d",
        emotion=_EMOTIONS[emotion],
        speaker=f"cremad_{actor}",
        sex=sex,
        age_years=age_years,
        intensity=_UNTOLD_LEVEL if level == "X" else level,
        text=sentence,
        take="",
    )


def _people(folder: Path) -> dict[str, Person]:
    """Read who the actors are, where the release's table lies in the folder."""
    table = next(iter(sorted(folder.rglob(_PEOPLE_NAME))), None)
    if table is None:
        return {}
    rows = sheet.read(table, required=("actorid", "age", "sex"))
    sheet.refuse(table, (Fault(line=row.line, message=_STRANGE) for row in rows if _strange(row)))
    return {row.cells["actorid"]: _person(row) for row in rows}


_STRANGE = "no actor of CREMA-D; expected a number, an age in years, and Male or Female"


def _strange(row: Row) -> bool:
    return not row.cells["age"].isdecimal() or plain(row.cells["sex"]) not in _SEXES


def _person(row: Row) -> Person:
    return _SEXES[plain(row.cells["sex"])], int(row.cells["age"])


CORPUS = Corpus(
    name="crema-d",
    title="CREMA-D, Crowd-sourced Emotional Multimodal Actors Dataset",
    licence="ODbL 1.0, contents DbCL 1.0",
    citation=(
        "Cao H, Cooper DG, Keutmann MK, Gur RC, Nenkova A, Verma R (2014) CREMA-D: Crowd-sourced "
        "Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), "
        "377-390, doi:10.1109/TAFFC.2014.2336244"
    ),
    source="the corpus' own repository, CheyneyComputerScience/CREMA-D, folder AudioWAV",
    words=meanings(*_EMOTIONS.values()),
    read=_read,
)
