"""`ser-edge run`: the main job."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from edge.app.listening import Listening, RawFormat, RunSettings
from edge.cli.live import LiveView
from edge.config.load import load_config
from edge.dsp.pcm import BYTES_PER_SAMPLE
from edge.errors import EXIT_OK

EXAMPLES = """\
  ser-edge run                          listen to the microphone
  ser-edge run --source voice.flac      play a recording through the same pipeline
  arecord -t raw -f S16_LE -r 16000 | ser-edge run --source -
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--source",
        default="mic",
        help="mic (default), a recording, or - for raw PCM on standard input",
    )
    parser.add_argument("--config", type=Path, help="configuration file")
    parser.add_argument("--model", type=Path, help="a .tflite instead of the configured one")
    parser.add_argument("--log", type=Path, help="log file instead of the configured one")
    parser.add_argument("--fast", action="store_true", help="play a recording without pacing")
    raw = parser.add_argument_group("raw PCM on standard input")
    raw.add_argument("--rate", type=int, default=16000, help="sample rate in Hz (16000)")
    raw.add_argument("--channels", type=int, default=1, help="interleaved channels (1)")
    raw.add_argument(
        "--format", choices=list(BYTES_PER_SAMPLE), default="s16", help="of a sample (s16)"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Listen until the source ends, Ctrl-C or SIGTERM."""
    settings = RunSettings(
        source=arguments.source,
        pace="fast" if arguments.fast else "real-time",
        model=arguments.model,
        log=arguments.log,
        raw=RawFormat(
            sample_rate_hz=arguments.rate,
            n_channels=arguments.channels,
            sample_format=arguments.format,
        ),
    )
    view = LiveView(sys.stdout)
    listening = Listening(load_config(file=arguments.config).config, settings, views=[view])
    view.begin(listening.facts, draws_lamps=not listening.has_panel)

    def stop(_number: int, _frame: FrameType | None) -> None:
        listening.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    listening.run()
    return EXIT_OK
