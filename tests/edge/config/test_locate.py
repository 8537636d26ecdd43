from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.locate import line_of, locate

TEXT = '''\
# a comment with [brackets] and key = "value"
top = 1

[audio]
device = "a # no comment ] here"   # but this is one
block_ms = 20

[panel]
leds = { calm = 17, "happy" = 27 }
rgb = [
    17,   # red ]
    27,
    22,
]
leds2.calm = 5
text = """
[not a table]
key = 1 \\""" still text """""
after = 'a "quote"'
[panel.nested.deep]
date = 1979-05-27T07:32:00Z

[[alert]]
name = "a"
[alert.extra]
x = 1
[[alert]]
name = "b"
when = ["sad", "angry"]
[[alert.step]]
n = 1
[[alert.step]]
n = 2
'''


def numbered(text, start):
    """The number of the only line that begins so."""
    (line,) = [n for n, line in enumerate(text.split("\n"), 1) if line.lstrip().startswith(start)]
    return line


@pytest.mark.parametrize(
    ("path", "start"),
    [
        ("top", "top"),
        ("audio", "[audio]"),
        ("audio.device", "device"),
        ("audio.block_ms", "block_ms"),
        ("panel.leds", "leds ="),
        ("panel.leds.happy", "leds ="),
        ("panel.rgb", "rgb"),
        ("panel.rgb[0]", "17"),
        ("panel.rgb[2]", "22"),
        ("panel.leds2", "leds2"),
        ("panel.leds2.calm", "leds2"),
        ("panel.text", "text"),
        ("panel.after", "after"),
        ("panel.nested", "[panel.nested.deep]"),
        ("panel.nested.deep.date", "date"),
        ("alert[0].name", 'name = "a"'),
        ("alert[0].extra", "[alert.extra]"),
        ("alert[0].extra.x", "x = 1"),
        ("alert[1].name", 'name = "b"'),
        ("alert[1].when[1]", "when"),
        ("alert[1].step[0].n", "n = 1"),
        ("alert[1].step[1].n", "n = 2"),
    ],
)
def test_a_key_is_found(path, start):
    assert locate(TEXT)[path] == numbered(TEXT, start)


def test_the_second_table_of_a_list_is_found():
    first = numbered(TEXT, "[alert.extra]")
    assert locate(TEXT)["alert[0]"] == first - 2
    assert locate(TEXT)["alert[1]"] == first + 2
    assert locate(TEXT)["alert"] == first - 2


def test_a_header_counts_more_than_a_sub_table_before_it():
    assert locate("[panel.leds]\ncalm = 1\n[panel]\nkind = 2\n")["panel"] == 3


def test_other_line_ends_are_counted_as_well():
    assert locate("a = 1\r\nb = 2\r\n[t]\r\nc = [\r\n1]\r\n") == {
        "a": 1,
        "b": 2,
        "t": 3,
        "t.c": 4,
        "t.c[0]": 5,
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("alert[1].hold_s", 3),
        ("alert[0].when[7]", 2),
        ("alert[9]", 1),
        ("audio.device", None),
        ("", None),
    ],
)
def test_what_is_missing_is_sought_around_its_place(path, line):
    assert line_of(path, {"alert": 1, "alert[0]": 2, "alert[0].when": 2, "alert[1]": 3}) == line


# A random file: a table of Python values, written as TOML in one of many ways.

names = st.sampled_from(["a", "b", "c-d", "e_1", "3", "true", "ä b", "#", "=", '"', "'", ""])
texts = st.sampled_from(
    ["", "x", "# no", "]", "}", 'q"q', "it's", "a = 1", "two\nlines", "\\", ","]
)
scalars = st.one_of(st.booleans(), st.integers(-5, 5), texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=6,
)
tables = st.dictionaries(names, values, max_size=4)
documents = st.dictionaries(names, st.one_of(values, tables, st.lists(tables, min_size=1)))


class Author:
    """Writes tables as TOML, with blanks, comments and quotes as chance has it."""

    def __init__(self, chance):
        self.chance = chance

    def one_of(self, *choices):
        return self.chance.choice(choices)

    def key(self, name):
        if name.isascii() and name.replace("-", "").replace("_", "").isalnum():
            return self.one_of(name, f'"{name}"', f"'{name}'")
        return json.dumps(name, ensure_ascii=False)

    def text(self, value):
        plain = json.dumps(value, ensure_ascii=False)
        tripled = f'"""\n{plain[1:-1]}"""' if "\n" not in value else f'"""{plain[1:-1]}"""'
        choices = [plain, tripled]
        if "'" not in value and "\n" not in value:
            choices += [f"'{value}'", f"'''{value}'''"]
        return self.one_of(*choices)

    def value(self, value, *, inline=False):
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            gap = " " if inline else self.one_of(" ", "\n", " # ] }\n  ")
            return "[" + ",".join(f"{gap}{self.value(v, inline=inline)}" for v in value) + gap + "]"
        if isinstance(value, dict):
            pairs = (f"{self.key(k)} = {self.value(v, inline=True)}" for k, v in value.items())
            return "{ " + ", ".join(pairs) + " }"
        return str(value)

    def pair(self, name, value):
        if isinstance(value, dict) and value and self.one_of(True, False):
            return "\n".join(
                f"{self.key(name)}{self.one_of('.', ' . ')}{self.key(k)}={self.value(v)}"
                for k, v in value.items()
            )
        return f"{self.key(name)} = {self.value(value)}"

    def body(self, table):
        return [
            part
            for name, value in table.items()
            for part in (self.pair(name, value), *self.one_of((), ("",), ("# c = [",)))
        ]

    def document(self, document):
        pairs, sections = {}, []
        for name, value in document.items():
            key = f"{self.one_of('', ' ')}{self.key(name)}{self.one_of('', ' ')}"
            is_tables = (
                isinstance(value, list) and value and all(isinstance(v, dict) for v in value)
            )
            if isinstance(value, dict) and self.one_of(True, False):
                sections += [f"[{key}]", *self.body(value)]
            elif is_tables and self.one_of(True, False):
                sections += [line for v in value for line in (f"[[{key}]]", *self.body(v))]
            else:
                pairs[name] = value
        return "\n".join([*self.body(pairs), *sections])


def paths(value, path=""):
    """Every path in a parsed document."""
    if isinstance(value, dict):
        inner = [(f"{path}.{k}" if path else k, v) for k, v in value.items()]
    elif isinstance(value, list):
        inner = [(f"{path}[{i}]", v) for i, v in enumerate(value)]
    else:
        inner = []
    return [found for p, v in inner for found in (p, *paths(v, p))]


@given(document=documents, chance=st.randoms(use_true_random=False))
def test_every_key_that_the_parser_sees_is_located(document, chance):
    text = Author(chance).document(document)
    parsed = tomllib.loads(text)
    assert parsed == document
    lines = locate(text)
    assert sorted(lines) == sorted(set(paths(parsed)))
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


@given(document=documents, chance=st.randoms(use_true_random=False))
def test_a_key_stands_on_the_line_that_is_told(document, chance):
    text = Author(chance).document(document)
    for name, value in document.items():
        if not name or (isinstance(value, dict) and not value):
            continue
        line = text.split("\n")[locate(text)[name] - 1]
        assert name in line or json.dumps(name)[1:-1] in line
