"""The corpus folder: a recording for each take, a row in ``labels.csv`` for each recording.

A recording stands whole before its row does, and a row goes before its recording does: there is
never a row without a recording.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from edge.dsp.pcm import encode_s16
from edge.errors import UsageError
from trainer import run
from trainer.corpora import listed, sheet
from trainer.corpora.base import ENDINGS, Sex, recordings
from trainer.corpora.listed import NAMES, OPTIONAL, REQUIRED
from trainer.corpora.words import plain
from trainer.studio.listening import Take
from trainer.studio.plan import Prompt
from trainer.studio.wording import stem

COLUMNS = (*REQUIRED, *OPTIONAL)

_SEXES: dict[str, Sex] = {"F": "F", "M": "M"}

Row = dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Speaker:
    """Who speaks, as far as it is known."""

    name: str
    sex: Sex = ""
    age_years: str = ""
    """A number, or empty."""


def file_name(prompt: Prompt, speaker: str) -> str:
    """Return where a take lies: ``"angry/anna/the-door-is-still-open_1.flac"``."""
    return f"{prompt.emotion}/{speaker}/{stem(prompt.sentence)}_{prompt.take}.flac"


class Shelf:
    """The recordings of one corpus of one's own.

    Parameters
    ----------
    folder : Path
        The corpus; it need not exist yet, and nothing is written before `open`.

    Raises
    ------
    UsageError
        If recordings are there without a list: a list with only the new ones would hide them.
    SheetError
        If there is a list that cannot be read, or two.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listing = listed.listing(folder)
        if listing is None and (strangers := recordings(folder)):
            raise UsageError(
                f"{folder} holds {len(strangers)} recordings, but no {NAMES[0]}, and a list of "
                "only the new ones would hide them; name another folder with --out"
            )
        self._list = listing or folder / NAMES[0]
        self._rows()

    def open(self) -> None:
        """Make the folder and an empty list, where there is none yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._list.exists():
            self._write([])

    def recorded(self) -> set[str]:
        """Return the files that have a row and are there."""
        return {row["file"] for row in self._rows() if (self.folder / row["file"]).is_file()}

    def latest(self, name: str) -> Speaker:
        """Return what the newest row of a speaker tells."""
        rows = [row for row in self._rows() if _is_of(row, name)]
        if not rows:
            return Speaker(name=name)
        return Speaker(
            name=name,
            sex=_SEXES.get(rows[-1].get("sex", "")[:1].upper(), ""),
            age_years=rows[-1].get("age_years", ""),
        )

    def keep(self, prompt: Prompt, take: Take, *, speaker: Speaker) -> Path:
        """Store a take, in place of an earlier one of the same prompt; return its file."""
        name = file_name(prompt, speaker.name)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        run.write_bytes(path, _flac(take))
        others = [row for row in self._rows() if row["file"] != name]
        self._write([*others, _row(name, prompt, speaker)])
        return path

    def files_of(self, name: str) -> list[Path]:
        """Return every recording of a speaker, listed or not, whole or not, sorted."""
        listed_files = {self.folder / row["file"] for row in self._rows() if _is_of(row, name)}
        found = listed_files | set(self.folder.glob(f"*/{name}/*"))
        return sorted(path for path in found if self._is_recording(path))

    def forget(self, name: str) -> None:
        """Delete the rows of a speaker, then the files, then the folders that are empty now."""
        files = self.files_of(name)
        left = [row for row in self._rows() if not _is_of(row, name)]
        if left:
            self._write(left)
        else:
            self._list.unlink(missing_ok=True)
        for path in files:
            path.unlink()
        self._prune({path.parent for path in files})

    def _is_recording(self, path: Path) -> bool:
        is_sound = path.suffix.lower() in ENDINGS or path.name.endswith(".flac.part")
        is_within = path.resolve().is_relative_to(self.folder.resolve())
        return is_sound and is_within and path.is_file()

    def _prune(self, folders: Iterable[Path]) -> None:
        for folder in folders:
            for place in (folder, folder.parent):
                if place != self.folder and place.is_dir() and not any(place.iterdir()):
                    place.rmdir()

    def _rows(self) -> list[Row]:
        if not self._list.exists():
            return []
        return [dict(row.cells) for row in sheet.read(self._list, required=REQUIRED)]

    def _write(self, rows: Sequence[Row]) -> None:
        text = io.StringIO()
        # Columns of the user's own stay.
        columns = dict.fromkeys((*COLUMNS, *(name for row in rows for name in row)))
        writer = csv.DictWriter(text, tuple(columns), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        run.write_bytes(self._list, text.getvalue().encode())


def _is_of(row: Row, name: str) -> bool:
    return plain(row["speaker"]) == plain(name)


def _row(name: str, prompt: Prompt, speaker: Speaker) -> Row:
    return {
        "file": name,
        "emotion": prompt.emotion,
        "speaker": speaker.name,
        "sex": speaker.sex,
        "age_years": speaker.age_years,
        "text": prompt.sentence,
        "take": str(prompt.take),
    }


def _flac(take: Take) -> bytes:
    pcm = np.frombuffer(encode_s16(take.samples), "<i2")
    content = io.BytesIO()
    soundfile.write(content, pcm, take.sample_rate_hz, format="FLAC", subtype="PCM_16")
    return content.getvalue()
