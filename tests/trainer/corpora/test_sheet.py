"""Tables as spreadsheets write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.corpora import sheet
from trainer.corpora.sheet import Row, SheetError


def written(folder: Path, content: bytes | str) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x y\n\n2,\n",
        "A; b\r\n1; x y\r\n\r\n2\r\n",
        "\ufeffa\tB\n1\tx y\n\n2\t\n",
        '"a","b"\n"1","x y"\n\n"2",""',
    ],
)
def test_rows_come_with_their_lines_however_they_are_written(content: str, tmp_path: Path) -> None:
    rows = sheet.read(written(tmp_path, content), required=("a", "b"))
    assert rows == [
        Row(line=2, cells={"a": "1", "b": "x y"}, surplus=()),
        Row(line=4, cells={"a": "2", "b": ""}, surplus=()),
    ]


def test_cells_without_a_column_are_kept_apart(tmp_path: Path) -> None:
    (row,) = sheet.read(written(tmp_path, "a,b\n1,2,3,4\n"), required=("a", "b"))
    assert (row.cells, row.surplus) == ({"a": "1", "b": "2"}, ("3", "4"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\n1\n", r"csv:1: the header has no b, found a$"),
        ("", r"csv:1: the header has no a, b, found nothing$"),
        ("a,b,A\n1,2,3\n", r"csv:1: the header has a twice"),
        ('a,b\n1,"2\n3,4\n', r"csv:3: not CSV: unexpected end of data"),
        (b"a,b\n1,2\n1,\xfc\n", r"csv:3: not UTF-8; save the file with that encoding"),
        ('"a"b,c\n', r"csv:1: not CSV"),
    ],
)
def test_faults_are_named_with_their_line(
    content: bytes | str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SheetError, match=message):
        sheet.read(written(tmp_path, content), required=("a", "b"))


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="has 2 faults") as caught:
        sheet.read(written(tmp_path, "a,a\n"), required=("a", "b"))
    assert len(str(caught.value).splitlines()) == 3


def test_columns_are_read_without_capitals(tmp_path: Path) -> None:
    assert sheet.columns(written(tmp_path, "File,Emotion \n")) == {"file", "emotion"}
    with pytest.raises(SheetError, match="not UTF-8"):
        sheet.columns(written(tmp_path, b"\xfc"))
