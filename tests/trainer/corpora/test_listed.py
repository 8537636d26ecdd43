"""Own recordings in a CSV file, as people and `ser-trainer record` write it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from trainer.corpora import listed
from trainer.corpora.base import Found, LeftOut, Utterance
from trainer.corpora.sheet import SheetError

HEADER = "file,emotion,speaker,sex,age_years,intensity,text,take\n"


def read(folder: Path, text: str, *files: str) -> list[Found]:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    table = folder / "labels.csv"
    table.write_text(text, encoding="utf-8")
    return list(listed.reader(table, "family")(folder))


def test_every_column_comes_through(tmp_path: Path) -> None:
    text = HEADER + 'a/1.wav,Freude,anna,f,71,loud,"Well, well",2\n2.flac,sad,ben,,,,,\n'
    first, second = read(tmp_path, text, "a/1.wav", "2.flac")
    assert first == Utterance(
        path=tmp_path / "a/1.wav",
        corpus="family",
        emotion="Freude",
        speaker="family_anna",
        sex="F",
        age_years=71,
        intensity="loud",
        text="Well, well",
        take="2",
    )
    assert isinstance(second, Utterance)
    assert (second.sex, second.age_years, second.text) == ("", None, "")


def test_three_columns_are_enough_in_any_order_and_others_are_passed_over(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "seconds,speaker,emotion,file\n3,anna,happy,1.wav\n", "1.wav")
    assert isinstance(found, Utterance)
    assert (found.emotion, found.speaker) == ("happy", "family_anna")


def test_recordings_that_are_not_listed_are_left_out(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + "1.wav,happy,anna\n", "1.wav", "a/2.wav")
    assert found[1:] == [
        LeftOut(path=tmp_path / "a/2.wav", cause="misnamed", reason="labels.csv does not list it"),
    ]


def test_capitals_make_no_other_person(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + "1.wav,happy,Anna\n2.wav,sad,anna\n", "1.wav", "2.wav")
    assert {u.speaker for u in found if isinstance(u, Utterance)} == {"family_Anna"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("3.wav,sad,anna", r"csv:3: file .*3\.wav does not exist$"),
        ("x.txt,sad,anna", r"csv:3: x\.txt is no recording, expected an ending of \.flac, "),
        (",sad,anna", "csv:3: file is empty$"),
        ("2.wav,,anna", "csv:3: emotion is empty$"),
        ("2.wav,sad", "csv:3: speaker is empty$"),
        ("2.wav,sad,anna,woman", "csv:3: sex is 'woman', expected F, M or nothing$"),
        ("2.wav,sad,anna,,-3", "csv:3: age_years is '-3', expected whole years up to 120"),
        ("2.wav,sad,anna,,7.5", "csv:3: age_years is '7.5'"),
        ("2.wav,sad,anna,,1971", "csv:3: age_years is '1971'"),
        ("./1.wav,sad,anna", r"csv:3: 1\.wav stands in line 2 too$"),
        ("2.wav,sad,ANNA,M", "csv:3: ANNA is M here and not in line 2$"),
        ("2.wav,sad,anna,,,,well, well, well", "csv:3: more cells than the header has"),
    ],
)
def test_faults_of_a_row_are_named_with_their_line(row: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SheetError, match=message) as caught:
        read(tmp_path, f"{HEADER}1.wav,happy,anna,F\n{row}\n", "1.wav", "2.wav")
    assert str(tmp_path / "labels.csv") in str(caught.value)


def test_all_faults_come_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    rows = ["1.wav,happy,anna", "1.wav,happy,anna", "2.wav,,anna,x,y", "1.wav,sad,b,,,,,,,"]
    with pytest.raises(SheetError, match="has 7 faults") as caught:
        read(tmp_path, HEADER + "\n".join(rows), "1.wav")
    lines = str(caught.value).splitlines()[1:]
    assert [line.split(":")[1] for line in lines] == ["3", *"4444", *"55"]


words = st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1).map(str.strip)
# A text of spaces only is an empty one.
cells = st.tuples(words.filter(bool), words.filter(bool), words, words)


@given(rows=st.lists(cells, min_size=1, max_size=6))
def test_what_is_written_is_read(
    rows: list[tuple[str, str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = [f"{number}.wav" for number in range(len(rows))]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["file", "emotion", "speaker", "text", "take"])
    writer.writerows([file, *row] for file, row in zip(files, rows, strict=True))

    found = read(tmp_path_factory.mktemp("family"), text.getvalue(), *files)

    said = [u for u in found if isinstance(u, Utterance)]
    assert [(u.emotion, u.text, u.take) for u in said] == [(r[0], r[2], r[3]) for r in rows]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"labels.csv": "file,emotion,speaker\n"}, "labels.csv"),
        ({"manifest.csv": "Speaker;File;Emotion\n"}, "manifest.csv"),
        ({"manifest.csv": "name,version\n", "labels.csv": "file\n"}, "labels.csv"),
        ({"other.csv": "file,emotion,speaker\n"}, None),
        ({}, None),
    ],
)
def test_table_is_known_by_its_name_and_columns(
    files: dict[str, str], expected: str | None, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = listed.listing(tmp_path)
    assert (found and found.name) == expected


def test_two_tables_are_one_too_many(tmp_path: Path) -> None:
    for name in listed.NAMES:
        (tmp_path / name).write_text(HEADER, encoding="utf-8")
    with pytest.raises(SheetError, match=r"has both labels.csv and manifest.csv, expected one"):
        listed.listing(tmp_path)
