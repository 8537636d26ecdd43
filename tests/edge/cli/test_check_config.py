from __future__ import annotations

import json

import pytest

from edge.cli import main
from edge.config.load import DEFAULT_FILE
from edge.errors import EXIT_CONFIG, EXIT_OK


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config.toml"


def run(capsys, *argv):
    code = main(["check-config", *map(str, argv)])
    output = capsys.readouterr()
    return code, output.out, output.err


def test_every_setting_is_shown_with_who_set_it(capsys, file, monkeypatch):
    monkeypatch.setenv("SER_EDGE_LOG_MAX_MB", "20")
    file.write_text('[audio]\n\ndevice = "USB"\n[panel]\nbuzzer_pin = "none"\n')
    code, output, _ = run(capsys, "--config", file)
    lines = output.splitlines()
    assert code == EXIT_OK
    assert lines[0] == f"settings: {file}"
    assert lines[1].startswith("log: ")
    shown = [line.split() for line in lines[2:]]
    assert ["audio.device", "=", '"USB"', "#", f"{file}:3"] in shown
    assert ["audio.block_ms", "=", "20", "#", "default"] in shown
    assert ["panel.buzzer_pin", "=", "none", "#", f"{file}:5"] in shown
    assert ["log.max_mb", "=", "20.0", "#", "environment", "SER_EDGE_LOG_MAX_MB"] in shown
    assert ["alert[0].name", "=", '"distress"', "#", "default"] in shown


def test_json_says_the_same(capsys, file):
    file.write_text("[[alert]]\nname = 'anger'\nwhen = ['angry']\n")
    code, output, _ = run(capsys, "--config", file, "--json")
    document = json.loads(output)
    assert code == EXIT_OK
    assert (document["ok"], document["file"]) == (True, str(file))
    settings = document["settings"]
    assert settings["alert[0].when"] == {"value": ["angry"], "origin": f"{file}:3"}
    assert settings["alert[0].hold_s"] == {"value": 8.0, "origin": "default"}
    assert settings["decision.smoothing_s"] == {"value": None, "origin": "default"}


def test_all_faults_are_shown_and_the_code_is_78(capsys, file):
    file.write_text("[audio]\ndevise = 1\nblock_ms = 0\n")
    code, output, message = run(capsys, "--config", file)
    assert (code, output) == (EXIT_CONFIG, "")
    assert message == (
        "ser-edge: the settings have 2 faults:\n"
        f"  {file}:2: audio.devise: unknown key, did you mean 'device'?\n"
        f"  {file}:3: audio.block_ms: 0 is out of bounds, expected from 5 to 200\n"
    )


def test_json_lists_all_faults(capsys, file):
    file.write_text("[audio]\ndevise = 1\nblock_ms = 0\n")
    code, output, message = run(capsys, "--config", file, "--json")
    document = json.loads(output)
    assert (code, message, document["ok"]) == (EXIT_CONFIG, "", False)
    assert document["faults"][1] == {
        "origin": f"{file}:3",
        "path": "audio.block_ms",
        "message": "0 is out of bounds, expected from 5 to 200",
    }


def test_the_default_is_printed_as_it_is(capsys, file):
    file.write_text("this file is not TOML")
    code, output, _ = run(capsys, "--print-default", "--config", file)
    assert (code, output) == (EXIT_OK, DEFAULT_FILE.read_text())


def test_the_printed_default_is_a_good_file(capsys, file):
    file.write_text(run(capsys, "--print-default")[1])
    assert run(capsys, "--config", file)[0] == EXIT_OK
