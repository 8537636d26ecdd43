from __future__ import annotations

import json
import tarfile
import threading
from pathlib import Path

import pytest

from edge.errors import NoInputError, OutputError
from edge.service.support.archive import MANIFEST, manifest, refuse_taken, write_archive
from edge.service.support.parts import Collector, LeftOutError, Part, gathered
from edge.service.support.redaction import Redactor

REDACTOR = Redactor(words={"marianne": "[user]"}, secrets=["pässwort"])


def only(name: str, gather, *, limit_s: float = 20.0) -> Part:
    collector = Collector(name=name, about="a test", gather=gather, limit_s=limit_s)
    (part,) = gathered([collector], REDACTOR)
    return part


def raising(error: Exception):
    def gather() -> str:
        raise error

    return gather


def test_a_part_is_redacted() -> None:
    assert only("a.txt", lambda: "marianne says pässwort\0").text == "[user] says [redacted]"


def test_json_is_redacted_behind_its_escapes_and_stays_json() -> None:
    text = json.dumps({"found": 'token = "x y" by marianne, pässwort', "token": "abc"})
    assert "pässwort" not in text  # it hides as p\u00e4sswort
    table = json.loads(only("a.json", lambda: text).text)
    assert "pässwort" not in table["found"]
    assert "marianne" not in table["found"]
    assert table["token"] == "[redacted]"


def test_rows_of_json_are_redacted_one_by_one() -> None:
    rows = [{"text": "marianne"}, {"text": "pässwort"}]
    text = only("a.jsonl", lambda: "".join(f"{json.dumps(row)}\n" for row in rows)).text
    assert [json.loads(line)["text"] for line in text.splitlines()] == ["[user]", "[redacted]"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (LeftOutError("marianne has none"), "[user] has none"),
        (NoInputError("there is no log yet"), "there is no log yet"),
        (ValueError("strange"), "ValueError: strange"),
    ],
)
def test_a_part_that_fails_is_left_out(error: Exception, why: str) -> None:
    part = only("a.txt", raising(error))
    assert (part.text, part.left_out) == ("", why)


def test_a_part_that_hangs_is_left_out() -> None:
    for_ever = threading.Event()
    part = only("a.txt", lambda: str(for_ever.wait()), limit_s=0.05)
    for_ever.set()
    assert part.left_out == "it took more than 0.05 s"


def test_what_is_not_json_is_left_out_rather_than_told_unredacted() -> None:
    part = only("a.json", lambda: "pässwort")
    assert part.text == ""
    assert "JSONDecodeError" in part.left_out


THERE = Part(name="a.txt", about="first", text="ä\n")
ABSENT = Part(name="b.txt", about="second", left_out="no such tool")


def test_the_archive_holds_the_parts_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "help.tar.gz"
    write_archive(path, [THERE, ABSENT], modified_s=1e9)
    with tarfile.open(path) as archive:
        assert archive.getnames() == ["help/MANIFEST.txt", "help/a.txt"]
        assert archive.extractfile("help/a.txt").read() == "ä\n".encode()
        told = archive.extractfile(f"help/{MANIFEST}").read().decode()
    assert told == manifest("help.tar.gz", [THERE, ABSENT])
    assert "  a.txt                   3 B  first\n" in told
    assert "left out:\n  b.txt              no such tool\n" in told
    assert [entry.name for entry in tmp_path.iterdir()] == ["help.tar.gz"]
    assert path.stat().st_mode & 0o077 == 0


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "help.tar.gz"
    path.write_text("precious")
    with pytest.raises(OutputError, match="is not overwritten"):
        refuse_taken(path)
    with pytest.raises(OutputError, match="is not overwritten"):
        write_archive(path, [THERE], modified_s=0)  # somebody was quicker
    assert path.read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_without_links_nothing_is_overwritten_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")  # as FAT does

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    path = tmp_path / "help.tar.gz"
    write_archive(path, [THERE], modified_s=0)
    first = path.read_bytes()
    with pytest.raises(OutputError, match="is not overwritten"):
        write_archive(path, [], modified_s=0)
    assert path.read_bytes() == first
    assert len(list(tmp_path.iterdir())) == 1


def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no folder that may be written"):
        refuse_taken(tmp_path / "nowhere" / "help.tar.gz")
    with pytest.raises(OutputError, match="cannot be written"):
        write_archive(Path("/proc/help.tar.gz"), [], modified_s=0)
