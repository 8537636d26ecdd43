from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import edge
from edge.cli import main
from edge.cli.main import VERBS
from edge.errors import EXIT_BAD_DATA, EXIT_CONFIG, EXIT_NO_INPUT, EXIT_USAGE


def exit_code(*argv: str) -> int:
    try:
        return main(argv)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--version") == 0
    assert capsys.readouterr().out == f"ser-edge {edge.__version__}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples_and_exit_codes(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(verb, "--help") == 0
    text = capsys.readouterr().out
    assert f"  ser-edge {verb}" in text
    assert "exit codes:" in text


@pytest.mark.parametrize("argv", [[], ["listen"], ["run", "--sourc"], ["model"], ["analyze"]])
def test_a_wrong_command_line(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(*argv) == EXIT_USAGE
    captured = capsys.readouterr()
    assert "usage: ser-edge" in captured.out + captured.err


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["model", "show", "absent.tflite"], EXIT_NO_INPUT, "absent.tflite: no such model file"),
        (["model", "show", "{text}"], EXIT_BAD_DATA, "is no TFLite model"),
        (["selftest", "--model", "{text}"], EXIT_BAD_DATA, "is no TFLite model"),
        (["model", "show", "--config", "{toml}"], EXIT_CONFIG, "did you mean 'model'?"),
    ],
)
def test_an_error_is_one_message_and_an_exit_code(
    argv: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "text").write_text("hello, this is no model at all")
    (tmp_path / "toml").write_text("[modle]\npath = 'x'\n")
    filled = [a.format(text=tmp_path / "text", toml=tmp_path / "toml") for a in argv]
    assert exit_code(*filled) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("ser-edge: ")
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m edge model show --card | true; echo ${{PIPESTATUS[0]}}"
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (found.stdout.strip(), found.stderr) == ("0", "")


def test_an_internal_error_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("edge.cli.model_show.ModelBundle.load", breaks)
    assert exit_code("model", "show") == 70
    assert (
        "internal error: ZeroDivisionError: oh; run again with --debug" in capsys.readouterr().err
    )
    with pytest.raises(ZeroDivisionError):
        main(["model", "show", "--debug"])
