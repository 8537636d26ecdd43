"""Own recordings, a folder for each emotion: ``happy/anna/x.wav`` or ``happy/anna_x.wav``."""

from __future__ import annotations

from pathlib import Path

from trainer.corpora.base import NotUsed, Reader, Utterance, by_name
from trainer.corpora.words import Spelling


def reader(corpus: str) -> Reader:
    """Return a reader of a folder per emotion.

    The speaker is the folder within the emotion's, or what stands before the first underscore of
    the file's name; the rest of the name tells takes apart.

    Parameters
    ----------
    corpus : str
        Name of the corpus, which makes the speakers unique.
    """
    spelling = Spelling()

    def parse(path: Path) -> Utterance:
        emotion, speaker, take = _parts(path)
        return Utterance(
            path=path,
            corpus=corpus,
            emotion=emotion,
            speaker=f"{corpus}_{spelling(speaker)}",
            sex="",
            age_years=None,
            intensity="",
            text="",
            take=take,
        )

    return by_name(parse)


def _parts(path: Path) -> tuple[str, str, str]:
    if len(path.parts) == 1:
        raise NotUsed("it lies in no emotion's folder")
    if len(path.parts) > 2:
        return path.parts[0], path.parts[1], path.stem
    speaker, underscore, take = path.stem.partition("_")
    if not (speaker and underscore):
        raise NotUsed("neither a folder nor its name up to the first underscore tells the speaker")
    return path.parts[0], speaker, take
