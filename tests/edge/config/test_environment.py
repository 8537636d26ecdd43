from __future__ import annotations

import pytest

from edge.config.environment import from_environment, settings, variable_of


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("SER_EDGE_AUDIO_DEVICE", "true", {"audio.device": "true"}),
        ("SER_EDGE_AUDIO_DEVICE", "", {"audio.device": ""}),
        (
            "SER_EDGE_AUDIO_DEVICE",
            "plughw:CARD=Mic,DEV=0",
            {"audio.device": "plughw:CARD=Mic,DEV=0"},
        ),
        ("SER_EDGE_AUDIO_BLOCK_MS", "40", {"audio.block_ms": 40}),
        ("SER_EDGE_AUDIO_QUEUE_S", "2.5", {"audio.queue_s": 2.5}),
        ("SER_EDGE_PANEL_PWM", "false", {"panel.pwm": False}),
        ("SER_EDGE_PANEL_RGB", "[4, 5, 6]", {"panel.rgb": [4, 5, 6]}),
        ("SER_EDGE_PANEL_LEDS", "{calm = 4}", {"panel.leds": {"calm": 4}}),
        ("SER_EDGE_PANEL_BUTTON_PIN", "none", {"panel.button_pin": "none"}),
        ("SER_EDGE_MODEL_RUNTIME", "litert", {"model.runtime": "litert"}),
        ("SER_EDGE_LOG_MAX_MB", "much", {"log.max_mb": "much"}),
        ("SER_EDGE_CONFIG", "/x.toml", {}),
        ("PATH", "/bin", {}),
    ],
)
def test_a_variable_is_read_by_the_type_of_its_setting(variable, text, expected):
    assert from_environment({variable: text}) == (expected, {})


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("SER_EDGE_AUDO_DEVICE", "no such setting, did you mean 'SER_EDGE_AUDIO_DEVICE'?"),
        ("SER_EDGE_CONFG", "no such setting, did you mean 'SER_EDGE_CONFIG'?"),
        ("SER_EDGE_XYZZY_PLUGH_42", "no such setting; `ser-edge check-config --print-default`"),
    ],
)
def test_an_unknown_variable_is_a_fault(variable, expected):
    values, faults = from_environment({variable: "1"})
    assert values == {}
    assert faults[variable].startswith(expected)


def test_every_setting_has_a_variable_of_its_own():
    variables = {variable_of(path) for path in settings()}
    assert len(variables) == len(settings())
    assert "SER_EDGE_LOG_RETENTION_DAYS" in variables
