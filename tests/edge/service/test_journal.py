from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from edge.service.journal import JournalFormatter, is_journal


@pytest.mark.parametrize(
    ("level", "text", "line"),
    [
        (logging.DEBUG, "detail", "<7>detail"),
        (logging.INFO, "opened", "<6>opened"),
        (logging.WARNING, "first\nsecond", "<4>first\n<4>second"),
        (logging.ERROR, "bad", "<3>bad"),
    ],
)
def test_each_line_has_its_level(level: int, text: str, line: str) -> None:
    record = logging.LogRecord("x", level, __file__, 1, "%s", (text,), None)
    assert JournalFormatter("%(message)s").format(record) == line


def test_the_journal_is_known_by_its_place(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        place = os.fstat(stream.fileno())
        said = {"JOURNAL_STREAM": f"{place.st_dev}:{place.st_ino}"}
        assert is_journal(stream, said)
        assert not is_journal(stream, {})
        assert not is_journal(stream, {"JOURNAL_STREAM": "1:2"})
    assert not is_journal(stream, said)
