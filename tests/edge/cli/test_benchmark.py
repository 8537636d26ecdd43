from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest

from edge.cli.benchmark import verdict
from edge.cli.main import main
from edge.service.benchmark import STAGES, Duration, Speed
from tests.support import need


def speed(pipeline_ms: float) -> Speed:
    once = Duration(median_ms=pipeline_ms, worst_ms=2 * pipeline_ms)
    return Speed(
        hop_ms=500.0,
        n_hops=10,
        microphone_rate_hz=48000,
        pipeline=once,
        stages=dict.fromkeys(STAGES, once),
        cpu_ms=pipeline_ms,
    )


@pytest.mark.parametrize(
    ("pipeline_ms", "expected"),
    [
        (35.0, "this Pi keeps up 14 times over"),
        (125.0, "this Pi keeps up 4.0 times over"),
        (400.0, "this Pi keeps up with little to spare, 1.2 times over; run nothing else on it"),
        (
            750.0,
            (
                "this Pi does not keep up: it needs 1.5 s for a second of sound; "
                "take a faster one or a smaller model"
            ),
        ),
    ],
)
def test_the_verdict_is_plain(pipeline_ms: float, expected: str) -> None:
    assert verdict(speed(pipeline_ms), "this Pi") == expected


@pytest.fixture
def _bundled_model() -> None:
    model = Path(str(resources.files("edge") / "models" / "room.tflite"))
    need(model.is_file(), "the bundled model edge/models/room.tflite")


@pytest.mark.usefixtures("_bundled_model")
def test_the_table_has_every_stage_and_ends_with_the_verdict(
    capsys: pytest.CaptureFixture,
) -> None:
    assert main(["benchmark", "--seconds", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[4:9]] == list(STAGES)
    assert "keep" in lines[-1]


@pytest.mark.usefixtures("_bundled_model")
def test_json_holds_the_same(capsys: pytest.CaptureFixture) -> None:
    assert main(["benchmark", "--seconds", "1", "--rate", "16000", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report["stages"]) == set(STAGES)
    assert report["microphone_rate_hz"] == 16000
    assert report["times_over"] == pytest.approx(report["hop_ms"] / report["pipeline"]["median_ms"])


def test_an_impossible_duration_is_a_usage_error(capsys: pytest.CaptureFixture) -> None:
    assert main(["benchmark", "--seconds", "0"]) == 2
    assert "--seconds is 0, expected 1 to 3600" in capsys.readouterr().err
