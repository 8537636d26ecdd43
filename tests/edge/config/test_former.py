"""Files of former versions: what worked goes on to work, and means the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config.load import FaultyConfigError, load_config
from edge.config.settings import Config

FORMER = """\
[panel]
kind = "auto"
status_pin = 13
buzzer_pin = 12
button_pin = 16
[[alert]]
name = "distress"
when = ["distress"]
confidence = 0.6
hold_s = 8.0
within_s = 20.0
cooldown_s = 300.0
sound_s = 60.0
buzzer = true
"""


def config(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(file=path).config


def test_the_former_default_means_the_present_one(tmp_path: Path) -> None:
    assert config(tmp_path, FORMER) == Config()


def test_a_silent_rule_stays_silent(tmp_path: Path) -> None:
    (rule,) = config(tmp_path, FORMER.replace("buzzer = true", "buzzer = false")).alert
    assert rule.buzzer == "none"


@pytest.mark.parametrize(
    "panel",
    ["button_pin = 26", "leds = { sad = 17, uncertain = 26 }", "kind = 'rgb'\nrgb = [17, 26, 22]"],
)
def test_whoever_had_the_pin_of_the_listening_light_keeps_it(tmp_path: Path, panel: str) -> None:
    assert config(tmp_path, f"[panel]\n{panel}").panel.listening_pin is None


def test_whoever_wants_both_on_one_pin_is_told(tmp_path: Path) -> None:
    with pytest.raises(FaultyConfigError, match="pin 26 is taken already"):
        config(tmp_path, "[panel]\nbutton_pin = 26\nlistening_pin = 26")


def test_without_a_clash_there_is_a_listening_light(tmp_path: Path) -> None:
    assert config(tmp_path, "[panel]\nbutton_pin = 20").panel.listening_pin == 26


@pytest.mark.parametrize("text", ["alert = 3", "alert = [3]", "panel = 3", "[panel]\nleds = [26]"])
def test_nonsense_stays_a_fault(tmp_path: Path, text: str) -> None:
    with pytest.raises(FaultyConfigError):
        config(tmp_path, text)
