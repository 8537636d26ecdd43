"""What docs/alerts.md says is so: its settings are taken, its timeline comes out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from edge.config.load import load_config
from edge.config.places import Places
from edge.config.settings import Config, TroubleConfig
from edge.decide.alarms import Phase
from tests.support import REPOSITORY

GUIDE = (REPOSITORY / "docs" / "alerts.md").read_text(encoding="utf-8")
SETTINGS = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
(SHOWN,) = re.findall(r"```console\n\$ (.*?)\n(.*?)```", GUIDE, re.DOTALL)


def load(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text)
    places = Places(environ={}, is_system=False, root=folder, home=folder)
    return load_config(file=file, places=places).config


@pytest.mark.parametrize("text", SETTINGS, ids=range(len(SETTINGS)))
def test_its_settings_are_taken(text: str, tmp_path: Path) -> None:
    assert load(tmp_path, text) != Config() or text in {SETTINGS[0], SETTINGS[-2]}


def test_it_shows_the_rule_and_the_troubles_of_a_file_without_any(tmp_path: Path) -> None:
    assert load(tmp_path, SETTINGS[0]).alert == Config().alert
    assert load(tmp_path, SETTINGS[-2]).trouble == TroubleConfig()


def test_it_names_every_phase_and_every_trouble() -> None:
    assert re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE) == list(get_args(Phase))
    names = [rule.name for rule in TroubleConfig().rules]
    assert re.findall(r"^\| `(trouble: \w+)` \|", GUIDE, re.MULTILINE) == names


def test_the_page_has_the_buttons_that_it_names() -> None:
    labels = re.findall(r"\| \*([^*]+)\* \|", GUIDE)
    templates = (REPOSITORY / "edge" / "dashboard" / "templates").glob("*.html")
    page = "".join(template.read_text(encoding="utf-8") for template in templates)
    assert len(labels) == 3
    assert [label for label in labels if f'{{{{ _("{label}") }}}}</button>' not in page] == []


def test_its_timeline_comes_out(tmp_path: Path) -> None:
    command, text = SHOWN
    (tmp_path / "rules.toml").write_text(SETTINGS[-1])
    (tmp_path / "room.flac").write_bytes((REPOSITORY / "edge/samples/room.flac").read_bytes())
    words = re.sub(r'"', "", command.replace("26 03", "26T03")).split()
    assert words[0] == "ser-edge"
    found = subprocess.run(
        [sys.executable, "-m", "edge", *words[1:]],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY), "COLUMNS": "81", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert without_percentages(found.stdout) == without_percentages(text)


def without_percentages(text: str) -> str:
    """Return a text less the figures that may round otherwise on another processor."""
    return re.sub(r"\b\d+%(?! (?:for|are))", "N%", text)
