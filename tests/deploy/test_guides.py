"""What the guides tell people to type exists: commands, options, settings, files."""

from __future__ import annotations

import argparse
import importlib
import itertools
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import REPOSITORY

DOCS = REPOSITORY / "docs"
GUIDES = [
    *(DOCS / f"{name}.md" for name in ("wiring", "first-boot", "operating", "push", "install")),
    REPOSITORY / "firmware_config" / "README.md",
    REPOSITORY / "README.md",
]
PROGRAMS = ("ser-edge", "ser-trainer")
# What may stand before a program's name: sudo, as another user.
BEFORE = re.compile(r"sudo|-u|ser-edge")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def fenced(text: str) -> list[str]:
    """Return the lines of all fences for the shell: what people type as it is."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]


def inline(text: str) -> list[str]:
    """Return what stands as code within a sentence: often only the beginning of a command."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def commands(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each call of our programs, with the words that follow its name."""
    for line in lines:
        for part in re.split(r"\s(?:\||&&|;|>)\s", line.replace("\\|", "|")):
            try:
                words = [word for word in shlex.split(part, comments=True) if word != "..."]
            except ValueError:  # code that is no command
                continue
            yield from _call(words)


def _call(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    for program in {*PROGRAMS} & {*words}:
        place = len(words) - 1 - words[::-1].index(program)
        if all(BEFORE.fullmatch(word) for word in words[:place]) and words[place + 1 :]:
            yield program, words[place + 1 :]


def cases(which: object) -> list[object]:
    return [
        pytest.param(program, words, id=f"{path.name}: {program} {' '.join(words)}")
        for path in GUIDES
        for program, words in commands(which(text_of(path)))  # type: ignore[operator]
        if not (words[0].startswith("-") or words[0].isupper())  # --version; VERB
    ]


def parser_of(program: str, verb: str) -> argparse.ArgumentParser:
    """Return the program's own parser, as it is for this verb."""
    package = "edge" if program == "ser-edge" else "trainer"
    module = importlib.import_module(f"{package}.cli.main")
    assert verb in module.VERBS, f"{program} has no verb {verb}"
    return module._parser(verb, module._verb_module(verb))


def exit_code_of(program: str, words: list[str]) -> int:
    """Let the real parser take the words; nothing is done."""
    try:
        parser_of(program, words[0]).parse_args(words)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_guides_are_full_of_commands() -> None:
    assert len(cases(fenced)) > 30
    assert len(cases(inline)) > 15


@pytest.mark.parametrize(("program", "words"), cases(fenced))
def test_a_command_to_type_is_understood(program: str, words: list[str]) -> None:
    assert exit_code_of(program, words) == 0


@pytest.mark.parametrize(("program", "words"), cases(inline))
def test_a_command_that_is_mentioned_exists(
    program: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It need not be whole: `ser-trainer sign` is a mention, `ser-edge sing` is a mistake."""
    named = list(itertools.takewhile(lambda word: not word.startswith("-"), words))
    assert exit_code_of(program, [*named, "--help"]) == 0
    help_text = capsys.readouterr().out
    assert not [word for word in words if word.startswith("--") and word not in help_text]


SCRIPT = re.compile(r"(?:sudo |python3 )*((?:firmware_config|script)/[\w./-]+)((?: --[\w-]+)*)")


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_a_script_in_the_guides_is_there_with_its_options(path: Path) -> None:
    for line in [*fenced(text_of(path)), *inline(text_of(path))]:
        for name, options in SCRIPT.findall(line):
            script = REPOSITORY / name.rstrip("./")
            assert script.exists(), f"{path.name}: {line}"
            for option in options.split():
                files = [script, *script.parent.glob(f"{script.stem}/*.sh")]
                assert any(option in text_of(file) for file in files), f"{path.name}: {line}"


def test_links_between_the_guides_lead_somewhere() -> None:
    for path in GUIDES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text_of(path)):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_settings_in_the_guides_exist() -> None:
    known = tomllib.loads(text_of(REPOSITORY / "edge" / "config" / "default.toml"))
    sections = "|".join(name for name in known if name != "alert")
    named = re.findall(rf"`({sections})\.(\w+)(?: = [^`]+)?`", "".join(map(text_of, GUIDES)))
    assert named
    assert not {f"{section}.{name}" for section, name in named if name not in known[section]}
