"""Own recordings that a CSV file lists, with the columns of `REQUIRED` and `OPTIONAL`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trainer.corpora import sheet
from trainer.corpora.base import ENDINGS, Found, LeftOut, Reader, Sex, Utterance, recordings
from trainer.corpora.sheet import Fault, Row, SheetError
from trainer.corpora.words import Spelling, plain

NAMES: Final = ("labels.csv", "manifest.csv")
"""What the file may be called."""

REQUIRED: Final = ("file", "emotion", "speaker")
OPTIONAL: Final = ("sex", "age_years", "intensity", "text", "take")

_SEXES: dict[str, Sex] = {"": "", "f": "F", "female": "F", "m": "M", "male": "M"}
GREATEST_AGE_YEARS: Final = 120
"""More is a year of birth, or a slip."""


def listing(folder: Path) -> Path | None:
    """Return the file that lists a folder's recordings; none where there is none.

    A file of such a name with none of the columns in `REQUIRED` is something else.

    Raises
    ------
    SheetError
        If there are two, or one that is no CSV.
    """
    found = [
        path
        for path in (folder / name for name in NAMES)
        if path.is_file() and sheet.columns(path).intersection(REQUIRED)
    ]
    if len(found) > 1:
        raise SheetError(f"{folder} has both {' and '.join(NAMES)}, expected one; delete the other")
    return found[0] if found else None


def reader(table: Path, corpus: str) -> Reader:
    """Return a reader of what a table lists.

    Recordings of the folder that it does not list are left out.

    Parameters
    ----------
    table : Path
    corpus : str
        Name of the corpus, which makes the speakers unique.
    """

    def read(folder: Path) -> Iterator[Found]:
        """Raise `SheetError` with every fault, or yield everything."""
        entries = _entries(table)
        spelling = Spelling()
        for entry in entries:
            yield _utterance(entry, corpus=corpus, speaker=spelling(entry.row.cells["speaker"]))
        listed = {entry.path.resolve() for entry in entries}
        for path in recordings(folder):
            if path.resolve() not in listed:
                reason = f"{table.name} does not list it"
                yield LeftOut(path=path, cause="misnamed", reason=reason)

    return read


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    row: Row
    path: Path


def _entries(table: Path) -> list[_Entry]:
    rows = sheet.read(table, required=REQUIRED)
    entries = [_Entry(row=row, path=table.parent / row.cells["file"]) for row in rows]
    faults = [Fault(line=e.row.line, message=message) for e in entries for message in _wrong(e)]
    faults += _contradictions(entries)
    sheet.refuse(table, sorted(faults, key=lambda fault: fault.line))
    return entries


def _wrong(entry: _Entry) -> Iterator[str]:
    """Say what is wrong in one row, whatever the others hold."""
    cells = entry.row.cells
    if entry.row.surplus:
        yield "more cells than the header has; put text with commas in quotation marks"
    yield from (f"{name} is empty" for name in REQUIRED if not cells[name])
    if cells["file"]:
        yield from _wrong_file(entry.path)
    if plain(cells.get("sex", "")) not in _SEXES:
        yield f"sex is {cells['sex']!r}, expected F, M or nothing"
    age = cells.get("age_years", "")
    if age and not (age.isdecimal() and int(age) <= GREATEST_AGE_YEARS):
        yield f"age_years is {age!r}, expected whole years up to {GREATEST_AGE_YEARS} or nothing"


def _wrong_file(path: Path) -> Iterator[str]:
    if path.suffix.lower() not in ENDINGS:
        yield f"{path.name} is no recording, expected an ending of {', '.join(sorted(ENDINGS))}"
    elif not path.is_file():
        yield f"file {path} does not exist"


def _contradictions(entries: list[_Entry]) -> Iterator[Fault]:
    """Find recordings that are listed twice, and speakers of two sexes."""
    lines: dict[Path, int] = {}
    sexes: dict[str, Row] = {}
    for entry in entries:
        row = entry.row
        first_line = lines.setdefault(entry.path.resolve(), row.line)
        if first_line != row.line:
            yield Fault(line=row.line, message=f"{entry.path.name} stands in line {first_line} too")
        sex = _SEXES.get(plain(row.cells.get("sex", "")))
        if not sex:
            continue
        first = sexes.setdefault(plain(row.cells["speaker"]), row)
        if _SEXES[plain(first.cells["sex"])] != sex:
            message = f"{row.cells['speaker']} is {sex} here and not in line {first.line}"
            yield Fault(line=row.line, message=message)


def _utterance(entry: _Entry, *, corpus: str, speaker: str) -> Utterance:
    cells = entry.row.cells
    age = cells.get("age_years", "")
    return Utterance(
        path=entry.path,
        corpus=corpus,
        emotion=cells["emotion"],
        speaker=f"{corpus}_{speaker}",
        sex=_SEXES[plain(cells.get("sex", ""))],
        age_years=int(age) if age else None,
        intensity=cells.get("intensity", ""),
        text=cells.get("text", ""),
        take=cells.get("take", ""),
    )
