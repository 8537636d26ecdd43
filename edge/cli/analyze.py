"""`ser-edge analyze`: what the model tells of recordings, be it emotions or the speaker's sex."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from edge.analysis import ClipAnalysis, ClipAnalyzer
from edge.app import models
from edge.config.load import load_config
from edge.errors import EXIT_BAD_DATA, EXIT_OK, AudioDataError, NoInputError, UsageError

EXAMPLES = """\
  ser-edge analyze voice.wav
  ser-edge analyze recordings/*.flac --json > emotions.jsonl
  ser-edge analyze interview.wav --plot interview.png
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="WAV, FLAC or Ogg recordings")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the (one) recording")
    parser.add_argument("--model", type=Path, help="a .tflite instead of the configured one")
    parser.add_argument("--config", type=Path, help="configuration file")


def execute(arguments: argparse.Namespace) -> int:
    """Analyse each file in the order given; one that cannot be read does not stop the others."""
    if arguments.plot and len(arguments.files) != 1:
        raise UsageError(f"--plot draws one recording, {len(arguments.files)} were named; name one")
    analyzer = models.open_analyzer(
        load_config(file=arguments.config).config, model=arguments.model
    )
    show = _print_json if arguments.json else _print_text
    failed = False
    for file in arguments.files:
        try:
            analysis = analyzer.analyze(models.recording_blocks(Path(file)))
        except (AudioDataError, NoInputError) as error:
            failed = True
            _print_failure(file, error, as_json=arguments.json)
            continue
        show(file, analysis, analyzer)
        if arguments.plot:
            _plot(arguments.plot, file, analysis)
    return EXIT_BAD_DATA if failed else EXIT_OK


def json_line(file: str, analysis: ClipAnalysis, analyzer: ClipAnalyzer) -> dict[str, Any]:
    """Return what ``--json`` prints for one recording."""
    manifest = analyzer.bundle.manifest
    model = {
        "name": manifest.name,
        "version": manifest.version,
        "sha256": analyzer.bundle.sha256,
    }
    return {"file": file, **analysis.to_dict(), "model": model}


def _print_json(file: str, analysis: ClipAnalysis, analyzer: ClipAnalyzer) -> None:
    print(json.dumps(json_line(file, analysis, analyzer), ensure_ascii=False), flush=True)


def _print_text(file: str, analysis: ClipAnalysis, _analyzer: ClipAnalyzer) -> None:
    heard = f"{analysis.speech_s:.1f} s of speech in {analysis.duration_s:.1f} s"
    if analysis.label is None:
        print(f"{file}: no voice ({heard})")
        return
    print(f"{file}: {analysis.label} {analysis.confidence:.0%} ({heard})")
    ranked = sorted(analysis.probabilities.items(), key=lambda item: -item[1])
    for label, probability in ranked:
        print(f"  {label:10} {probability:4.0%} {'#' * round(40 * probability)}")


def _print_failure(file: str, error: Exception, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"file": file, "error": str(error)}, ensure_ascii=False), flush=True)
    else:
        print(f"ser-edge: {error}", file=sys.stderr)


def _plot(target: Path, file: str, analysis: ClipAnalysis) -> None:
    # matplotlib costs half a second and 40 MB: only who asks for a picture pays.
    from edge.cli.plot import draw

    draw(target, title=file, blocks=models.recording_blocks(Path(file)), analysis=analysis)
