"""The entry point: find the verb, run it, turn errors into one sentence and an exit code."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Final

from edge import __version__
from edge.errors import EXIT_INTERNAL, EXIT_OK, EXIT_USAGE, SerError

VERBS: Final = {
    "run": "listen, and show, log and report what is heard",
    "status": "say whether it listens now, and what it hears",
    "alarms": "list the alarms that are open, acknowledge or snooze them",
    "mute": "close the microphone, until it is opened by hand",
    "unmute": "open the microphone again",
    "analyze": "tell the emotions of recordings",
    "devices": "list the microphones",
    "doctor": "check this machine and name the remedy for each finding",
    "panel": "try the wires of LEDs, buzzer and button, or turn all off",
    "selftest": "check that the model gives here what it gave the trainer",
    "model": "show, list, verify, activate and receive models",
    "log": "read the local log",
    "rules": "show what the alert rules would have done with a recording or a log",
    "calibrate": "measure the room, and how the one person in it usually sounds",
    "feedback": "export what people said of alarms, for `ser-trainer tune-alerts`",
    "deliver": "tell people elsewhere of alarms: MQTT, Apprise, webhooks, a heartbeat",
    "notify": "try whether messages arrive",
    "dashboard": "show the web page, and answer its API",
    "user": "let people in on the web page",
    "token": "let programs in on the web page's API",
    "support": "pack what helps to find a fault into one file, without sound",
    "check-config": "check the configuration, or print the default",
    "benchmark": "measure how fast this machine is",
}

_EXIT_CODES: Final = """\
exit codes:
  0  done                      69  a device or the runtime is unavailable
  2  wrong command line        70  internal error
  65 bad data or model         74  input or output failed
  66 no such input             75  taken back: the former model runs
                               77  no consent
                               78  wrong configuration
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `ser-edge` and return its exit code."""
    # Networks and matrices are tiny here: more threads would only spin.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = [word for word in given if word != "--debug"]
    debug = arguments != given  # understood before the verb and after it
    verb = next((word for word in arguments if not word.startswith("-")), None)
    module = _verb_module(verb) if verb in VERBS else None
    parsed = _parser(verb, module).parse_args(arguments)
    if module is None:
        _parser(None, None).print_help()
        return EXIT_USAGE
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.WARNING,
        format="ser-edge: %(levelname)s: %(message)s",
    )
    return _guarded(module, parsed, debug=debug)


def _verb_module(verb: str) -> ModuleType:
    return importlib.import_module(f"edge.cli.{verb.replace('-', '_')}")


def _parser(verb: str | None, module: ModuleType | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ser-edge",
        description="Tell how a voice sounds: on LEDs, in a local log, by an alarm.",
        epilog="examples:\n  ser-edge run\n  ser-edge analyze voice.wav --json\n"
        "  ser-edge VERB --help\n\n" + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ser-edge {__version__}")
    parser.add_argument("--debug", action="store_true", help="log everything; show tracebacks")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb")
    for name, text in VERBS.items():
        child = verbs.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=_epilog(module) if name == verb else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == verb and module:
            module.configure(child)
    return parser


def _epilog(module: ModuleType | None) -> str:
    examples = f"examples:\n{module.EXAMPLES.rstrip()}\n\n" if module else ""
    return examples + _EXIT_CODES


def _flushed(code: int) -> int:
    # Within the guard, where a reader that has gone is no error; at exit it would be one.
    sys.stdout.flush()
    return code


def _guarded(module: ModuleType, arguments: argparse.Namespace, *, debug: bool) -> int:
    try:
        return _flushed(int(module.execute(arguments)))
    except SerError as error:
        if debug:
            raise
        print(f"ser-edge: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_OK
    except BrokenPipeError:
        # The reader has gone (`ser-edge log | head`); keep the interpreter from complaining too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except Exception as error:
        if debug:
            raise
        print(
            f"ser-edge: internal error: {type(error).__name__}: {error}; "
            "run again with --debug and report what it prints",
            file=sys.stderr,
        )
        return EXIT_INTERNAL
