"""The commented default file and the dataclasses say the same."""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import fields
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

import pytest

from edge.config.environment import settings
from edge.config.load import DEFAULT_FILE, load_config
from edge.config.locate import locate
from edge.config.places import Places
from edge.config.settings import Config
from edge.contract.tables import Range, from_table
from edge.decide.alerts import AlertRule

TEXT = DEFAULT_FILE.read_text(encoding="utf-8")

HINTS = {
    **settings(),
    **{f"alert[0].{k}": h for k, h in get_type_hints(AlertRule, include_extras=True).items()},
}

UNITS = {
    "_s": ("second",),
    "_ms": ("millisecond",),
    "_mb": ("megabyte",),
    "_days": ("day",),
    "_pin": ("BCM number",),
    "leds": ("BCM number",),
    "rgb": ("BCM number",),
    "confidence": ("probability",),
    "probability": ("probability",),
    "veto": ("probability",),
    "_dbfs": ("dBFS",),
}


def comment_above(path):
    """The comment right above a key, as one line."""
    lines = TEXT.split("\n")
    end = locate(TEXT)[path] - 1
    start = end
    while lines[start - 1].startswith("#"):
        start -= 1
    return " ".join(line.removeprefix("#").strip() for line in lines[start:end])


def parts(hint):
    """A type with all that it is made of."""
    yield hint
    for part in get_args(hint):
        if get_origin(hint) is Annotated and not isinstance(part, Range):
            yield from parts(part)
        elif isinstance(part, Range):
            yield part
        elif get_origin(hint) is not Literal:
            yield from parts(part)


def test_the_default_file_is_exactly_the_default():
    here = Places(environ={}, is_system=False)
    assert load_config(file=DEFAULT_FILE, places=here).config == Config()


def test_the_default_file_has_every_key_and_no_other():
    parsed = tomllib.loads(TEXT)
    # An empty list of tables cannot be written in TOML where more may follow: it is a comment.
    assert list(parsed) == [f.name for f in fields(Config) if f.name != "channel"]


def test_the_channel_in_the_comments_is_a_valid_one():
    lines = TEXT[TEXT.index("#   [[channel]]") :].splitlines()
    example = [line[4:] for line in itertools.takewhile(lambda line: line.startswith("#"), lines)]
    table = tomllib.loads("\n".join(example))
    assert from_table(Config, table, path="").channel[0].name == "family"
    there = {path for path in locate(TEXT) if path in HINTS}
    assert there == set(HINTS)


@pytest.mark.parametrize("path", HINTS)
def test_every_key_is_explained(path):
    assert len(comment_above(path)) > 30


@pytest.mark.parametrize("path", HINTS)
def test_every_bound_and_choice_is_told(path):
    comment = comment_above(path)
    for part in parts(HINTS[path]):
        if isinstance(part, Range):
            assert f"from {part.low:.10g} to {part.high:.10g}" in comment
        if part is bool:
            assert "true or false" in comment
        if part is NoneType:
            assert 'or "none"' in comment
        if get_origin(part) is Literal:
            assert all(f'"{choice}"' in comment for choice in get_args(part))


@pytest.mark.parametrize(
    ("path", "words"),
    [(p, words) for p in HINTS for end, words in UNITS.items() if re.search(f"{end}$", p)],
)
def test_every_unit_is_told(path, words):
    assert all(word.lower() in comment_above(path).lower() for word in words)
