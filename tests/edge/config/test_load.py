from __future__ import annotations

from pathlib import Path

import pytest

from edge.config.load import FaultyConfigError, load_config, log_file
from edge.config.places import Places
from edge.config.settings import Config
from edge.errors import EXIT_CONFIG, ConfigError


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config.toml"


def places(tmp_path, **environ):
    return Places(environ=environ, is_system=False, root=tmp_path / "root", home=tmp_path / "home")


def load(file, text, **environ):
    file.write_text(text, encoding="utf-8")
    return load_config(file=file, places=places(file.parent, **environ))


def faults(file, text, **environ):
    """What is wrong with a file, without the name of the file."""
    with pytest.raises(ConfigError) as caught:
        load(file, text, **environ)
    assert caught.value.exit_code == EXIT_CONFIG
    return [str(fault).removeprefix(f"{file}:") for fault in caught.value.faults]


def test_without_any_file_everything_is_at_its_default(tmp_path):
    loaded = load_config(places=places(tmp_path))
    assert loaded.config == Config()
    assert loaded.file is None
    assert loaded.origins == {}


def test_an_empty_file_changes_nothing(file):
    assert load(file, "").config == Config()


def test_the_command_line_wins_over_environment_over_file_over_default(file):
    file.write_text("[audio]\ndevice = 'file'\nblock_ms = 30\nqueue_s = 5\n")
    loaded = load_config(
        file=file,
        overrides={"audio.device": "option"},
        places=places(file.parent, SER_EDGE_AUDIO_DEVICE="variable", SER_EDGE_AUDIO_BLOCK_MS="40"),
    )
    audio = loaded.config.audio
    assert (audio.device, audio.block_ms, audio.queue_s, audio.dead_fault_s) == (
        "option",
        40,
        5.0,
        3.0,
    )
    assert loaded.origins["audio.device"] == "command line"
    assert loaded.origins["audio.block_ms"] == "environment SER_EDGE_AUDIO_BLOCK_MS"
    assert loaded.origins["audio.queue_s"] == f"{file}:4"
    assert "audio.dead_fault_s" not in loaded.origins


def test_every_fault_is_told_at_once_with_its_line(file):
    text = """\
[audio]
devise = "USB"
block_ms = 999
[panel]
leds.hapy = 21
status_pin = 3.5
[decision]
enter_confidence = 0.4
leave_confidence = 0.6
[[alert]]
name = "a"
hold_s = 30
[[alert]]
name = "a"
wen = []
[decison]
"""
    found = faults(file, text, SER_EDGE_MODEL_THREADS="many", SER_EDGE_AUDIO_DEVISE="x")
    assert found == [
        "2: audio.devise: unknown key, did you mean 'device'?",
        "3: audio.block_ms: 999 is out of bounds, expected from 5 to 200",
        "5: panel.leds.hapy: no such emotion, did you mean 'happy'?",
        "6: panel.status_pin: expected a whole number, found 3.5",
        "9: decision.leave_confidence: 0.6 is above enter_confidence 0.4; it must not be",
        "10: alert[0]: hold_s 30 is above within_s 20; it must not be",
        "14: alert[1].name: 'a' is the name of another rule already",
        "15: alert[1].wen: unknown key, did you mean 'when'?",
        "16: decison: unknown key, did you mean 'decision'?",
        "environment SER_EDGE_MODEL_THREADS: model.threads: expected a whole number, found 'many'",
        "environment SER_EDGE_AUDIO_DEVISE: no such setting, did you mean 'SER_EDGE_AUDIO_DEVICE'?",
    ]


def test_the_message_counts_the_faults_and_names_the_file(file):
    with pytest.raises(ConfigError) as caught:
        load(file, "[audio]\nblock_ms = 1\n")
    assert str(caught.value) == (
        "the settings have 1 fault:\n"
        f"  {file}:2: audio.block_ms: 1 is out of bounds, expected from 5 to 200"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[audio]\ndevice = \n", "2: not TOML: Invalid value"),
        ("[audio]\n\ndevice 'x'\n", "3: not TOML: Expected '=' after a key in a key/value pair"),
        ("[audio]\n[audio]\n", "2: not TOML: Cannot declare ('audio',) twice"),
        ("[audio]\ndevice = '''\nx", "3: not TOML: Expected \"'''\""),
        ("audio = 3", "1: audio: expected a table, found 3"),
        ("[alert]\nname = 'a'", "1: alert: expected a list, found {'name': 'a'}"),
        ("[[alert]]", "1: alert[0].name: missing"),
        ("[speech]\nenter_probability = 0.1", "1: speech: leave_probability is 0.15, above"),
        ("[speech]\nhangover_s = 3", "2: speech.hangover_s: 3.0 is out of bounds"),
        ("[[alert]]\nname = 'a'\nwhen = ['sadd']", "1: alert[0]: 'sadd' is neither an emotion"),
        ("[audio]\nblock_ms = true", "2: audio.block_ms: expected a whole number, found True"),
        ("[audio]\nqueue_s = nan", "2: audio.queue_s: expected a number, found nan"),
        ("[model]\nruntime = 'lite'", "2: model.runtime: 'lite' is not possible, did you mean"),
        ("[gate]\nnon_voice_veto = 'model'", "2: gate.non_voice_veto: expected a number"),
        ("[log]\nretention_days = 0", "2: log.retention_days: 0 is out of bounds"),
        ("[audio]\nblock_ms = 'none'", "2: audio.block_ms: expected a whole number, found 'none'"),
        ("[panel]\nrgb = [17, 27]", "2: panel.rgb: expected three pins"),
        ("[panel]\nrgb = [17, 27,\n 28]", "3: panel.rgb[2]: 28 is out of bounds"),
    ],
)
def test_a_fault(file, text, expected):
    (found,) = faults(file, text)
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[panel]\nbuzzer_pin = 17",
            ["1: panel.leds.calm: pin 17 is taken already by panel.buzzer_pin; give each its own"],
        ),
        (
            "[panel]\nleds = { calm = 5, sad = 5 }",
            ["2: panel.leds.sad: pin 5 is taken already by panel.leds.calm; give each its own"],
        ),
        (
            "[panel]\nkind = 'rgb'\nrgb = [4, 4, 13]",
            [
                "3: panel.rgb[1]: pin 4 is taken already by panel.rgb[0]; give each its own",
                "3: panel.rgb[2]: pin 13 is taken already by panel.status_pin; give each its own",
            ],
        ),
        (
            "[panel]\nstatus_pin = 16",
            ["1: panel.button_pin: pin 16 is taken already by panel.status_pin; give each its own"],
        ),
    ],
)
def test_no_pin_does_two_things(file, text, expected):
    assert faults(file, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[panel]\nkind = 'none'\nstatus_pin = 5\nbuzzer_pin = 5",
        "[panel]\nkind = 'rgb'\nleds = { calm = 17, sad = 17 }",
        "[panel]\nkind = 'rgb'\nrgb = [5, 6, 17]",
        "[panel]\nkind = 'leds'\nrgb = [17, 17, 17]",
        "[panel]\nleds = {}",
        "[panel]\nleds = { uncertain = 21 }",
        "[panel]\nbutton_pin = 'none'\nbuzzer_pin = 16",
    ],
)
def test_pins_that_are_not_used_may_be_anything(file, text):
    assert load(file, text).config.panel.kind in {"auto", "leds", "rgb", "none"}


def test_none_means_absent(file):
    config = load(file, "[panel]\nbuzzer_pin = 'none'\n[decision]\nsmoothing_s = 'none'\n").config
    assert config.panel.buzzer_pin is None
    assert config.decision.smoothing_s is None
    assert config.panel.status_pin == 13


def test_a_variable_may_take_back_what_the_file_sets(file):
    text = "[decision]\nsmoothing_s = 3\n"
    assert load(file, text).config.decision.smoothing_s == 3.0
    loaded = load(file, text, SER_EDGE_DECISION_SMOOTHING_S="none")
    assert loaded.config.decision.smoothing_s is None


def test_rules_replace_the_default_rule(file):
    text = "[[alert]]\nname = 'anger'\nwhen = ['angry']\n[[alert]]\nname = 'sorrow'\n"
    loaded = load(file, text)
    assert [rule.name for rule in loaded.config.alert] == ["anger", "sorrow"]
    assert loaded.config.alert[0].when == ("angry",)
    assert loaded.origins["alert[0].when"] == f"{file}:3"
    assert "alert[1].when" not in loaded.origins
    assert load(file, "alert = []").config.alert == ()


def test_relative_paths_start_from_the_file(file):
    config = load(file, "[model]\npath = 'm.tflite'\n[log]\npath = '/abs/log.db'\n").config
    assert config.model.path == str(file.parent / "m.tflite")
    assert config.log.path == "/abs/log.db"


def test_relative_paths_from_elsewhere_are_taken_as_they_are(file):
    loaded = load(file, "[model]\npath = 'm.tflite'\n", SER_EDGE_MODEL_PATH="n.tflite")
    assert loaded.config.model.path == "n.tflite"


def test_the_log_lives_in_the_state_directory_or_where_the_owner_says(file):
    here = places(file.parent, STATE_DIRECTORY="/var/lib/x")
    assert log_file(Config(), here) == Path("/var/lib/x/log.db")
    config = load(file, "[log]\npath = 'sub/l.db'").config
    assert log_file(config, here) == file.parent / "sub/l.db"


def test_a_file_that_is_named_must_be_there(file):
    with pytest.raises(FaultyConfigError, match=r"config\.toml: cannot be read: No such file"):
        load_config(file=file, places=places(file.parent))


def test_a_file_in_another_encoding_is_told_with_its_line(file):
    file.write_bytes(b"[audio]\n# caf\xe9\n")
    with pytest.raises(FaultyConfigError, match=r"config\.toml:2: expected UTF-8 text"):
        load_config(file=file, places=places(file.parent))


def test_a_byte_order_mark_does_no_harm(file):
    file.write_bytes(b"\xef\xbb\xbf[audio]\nblock_ms = 30\n")
    assert load_config(file=file, places=places(file.parent)).config.audio.block_ms == 30


def test_a_faulty_option_is_told(file):
    with pytest.raises(FaultyConfigError, match=r"command line: audio\.block_ms: 1 is out of"):
        load_config(overrides={"audio.block_ms": 1}, places=places(file.parent))


def test_a_fault_between_defaults_and_a_variable_is_told(tmp_path):
    with pytest.raises(FaultyConfigError, match=r"BUZZER_PIN: panel\.buzzer_pin: pin 13"):
        load_config(places=places(tmp_path, SER_EDGE_PANEL_BUZZER_PIN="13"))
