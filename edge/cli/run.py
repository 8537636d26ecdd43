"""`ser-edge run`: the main job."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from edge.app.listening import Listening
from edge.app.sources import RawFormat, RunSettings
from edge.cli.live import LiveView
from edge.dsp.pcm import BYTES_PER_SAMPLE
from edge.errors import EXIT_OK
from edge.service.journal import is_journal, set_up_log

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
    parser.add_argument(
        "--log-level",
        choices=["debug", "info", "warning", "error"],
        help="what is said beside the emotions (warning; info under systemd)",
    )
    raw = parser.add_argument_group("raw PCM on standard input")
    raw.add_argument("--rate", type=int, default=16000, help="sample rate in Hz (16000)")
    raw.add_argument("--channels", type=int, default=1, help="interleaved channels (1)")
    raw.add_argument(
        "--format", choices=list(BYTES_PER_SAMPLE), default="s16", help="of a sample (s16)"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Listen until the source ends, Ctrl-C or SIGTERM; SIGHUP reads settings and model anew."""
    is_terminal = sys.stdout.isatty()
    _set_up_log(arguments.log_level)
    view = LiveView(sys.stdout, tells_states=not is_journal(sys.stdout))
    # Before the model is loaded: that takes a second, or ten on a Pi Zero.
    stops = _Stops(reload_on_hangup=not is_terminal)
    listening = Listening(_settings(arguments), views=[view])
    view.begin(listening.facts, draws_lamps=not listening.has_panel)
    stops.lead_to(listening)
    listening.run()
    return EXIT_OK


class _Stops:
    """The signals that end a run or renew it, also while there is nothing to end yet.

    A terminal that is closed sends the same signal as a reload.
    """

    def __init__(self, *, reload_on_hangup: bool) -> None:
        self._is_wanted = False
        self._listening: Listening | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload if reload_on_hangup else self._stop)

    def lead_to(self, listening: Listening) -> None:
        """Let the signals have their effect from now on, and have it if one has come already."""
        self._listening = listening
        if self._is_wanted:
            listening.stop()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_wanted = True
        if self._listening:
            self._listening.stop()

    def _reload(self, _number: int, _frame: FrameType | None) -> None:
        if self._listening:  # else everything is being read just now
            self._listening.reload()


def _settings(arguments: argparse.Namespace) -> RunSettings:
    return RunSettings(
        source=arguments.source,
        pace="fast" if arguments.fast else "real-time",
        config=_absolute(arguments.config),
        model=_absolute(arguments.model),
        log=_absolute(arguments.log),
        raw=RawFormat(
            sample_rate_hz=arguments.rate,
            n_channels=arguments.channels,
            sample_format=arguments.format,
        ),
    )


def _absolute(path: Path | None) -> Path | None:
    """Return a path that means the same later: the library of the pins changes the folder."""
    return path and path.absolute()


def _set_up_log(level: str | None) -> None:
    root = logging.getLogger()
    is_service = "NOTIFY_SOCKET" in os.environ or is_journal(sys.stderr)
    usual = min(root.level, logging.INFO) if is_service else root.level
    set_up_log(sys.stderr, level=logging.getLevelNamesMapping()[level.upper()] if level else usual)
