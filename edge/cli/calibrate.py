"""`ser-edge calibrate`: the room, and with consent the usual voice of the one person in it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from edge.app import adaptation, calibrating
from edge.app.adaptation import Calibration, Consent
from edge.app.calibrating import Heard
from edge.app.consent import LANGUAGES, WORDING, ConsentWords
from edge.app.roommeter import RoomMeter, findings
from edge.cli.doctor import line_of
from edge.config.load import load_config
from edge.config.places import Places
from edge.config.settings import Config
from edge.contract.tables import to_table
from edge.devices.microphone import PyAudioMicrophone
from edge.devices.source import AudioSource
from edge.errors import (
    EXIT_OK,
    EXIT_UNAVAILABLE,
    AudioDeviceError,
    ConsentError,
    NoInputError,
    OutputError,
    SourceEnded,
    UsageError,
)
from edge.service.muting import refuse_while_muted

EXAMPLES: Final = """\
  ser-edge calibrate                          the room: noise, level, what to change
  ser-edge calibrate person --minutes 5       somebody talks as usual, here and now
  ser-edge calibrate person --days 3          the same while the service listens
  ser-edge calibrate show
  ser-edge calibrate export mine.json
  ser-edge calibrate off                      decide as the model alone does; on: not any more
  ser-edge calibrate reset                    delete what is known of the person

Without consent nothing is kept, and the exit code is 77.
"""
_READ_S: Final = 0.25
_MOST_MINUTES: Final = 240.0
_MOST_DAYS: Final = 14.0
_USUAL_MINUTES: Final = 5.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", metavar="FILE", type=Path, help="configuration file")
    parser.set_defaults(do=_room, seconds=60.0, source=None)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action")
    room = actions.add_parser("room", help="measure noise and level (what is done without ACTION)")
    room.add_argument("--seconds", type=float, default=60.0, help="how long, 5 to 600 (60)")
    _add_source(room)
    person = actions.add_parser("person", help="gather how the person usually sounds")
    length = person.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, metavar="N", help="for so many minutes (5)")
    length.add_argument("--days", type=float, metavar="N", help="for so many days, by the service")
    person.add_argument(
        "--consent", metavar="NAME", help="who has agreed to the text already, for scripts"
    )
    person.add_argument(
        "--language", choices=sorted(LANGUAGES), default="en", help="of the text (en)"
    )
    _add_source(person)
    person.set_defaults(do=_person)
    actions.add_parser("show", help="what is known, and what it changes").set_defaults(do=_show)
    export = actions.add_parser("export", help="write all that is known to a file")
    export.add_argument("file", metavar="FILE", help="a JSON file, or - for standard output")
    export.set_defaults(do=_export)
    actions.add_parser("reset", help="delete all that is known").set_defaults(do=_reset)
    actions.add_parser("on", help="let it change decisions").set_defaults(do=_on)
    actions.add_parser("off", help="decide as the model alone does").set_defaults(do=_off)


def execute(arguments: argparse.Namespace) -> int:
    """Do what was asked for."""
    config = load_config(file=arguments.config).config
    return int(arguments.do(arguments, config, adaptation.state_file(Places.here())))


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--source", metavar="FILE", type=Path, help="a recording in the microphone's place"
    )


def _room(arguments: argparse.Namespace, config: Config, _path: Path) -> int:
    seconds = _within("--seconds", arguments.seconds, low=5, high=600)
    if arguments.source is None:
        print(f"listening for {seconds:.0f} s: be quiet, then talk as usual from where you sit")
    with closing(_opened(arguments.source, config)) as source:
        meter = _measured(source, seconds)
    report = meter.report()
    found = list(findings(report))
    print(f"{source.name}, {report.duration_s:.0f} s")
    for finding in found:
        print(line_of(finding))
    if all(finding.verdict == "ok" for finding in found):
        print("\nlevel, noise and voice are fine: leave the microphone as it is")
    is_useless = any(finding.verdict == "problem" for finding in found)
    return EXIT_UNAVAILABLE if is_useless else EXIT_OK


def _person(arguments: argparse.Namespace, config: Config, path: Path) -> int:
    lasts = _length(arguments)
    bundle = calibrating.model_for(config)
    calibrating.refuse_second(path)
    if arguments.source:
        calibrating.refuse_beside_service(Places.here())
    consent = _consent(arguments, lasts, path)
    with_service = arguments.source is None and calibrating.is_service_listening(Places.here())
    if arguments.days is not None and not with_service:
        print("no service listens here yet: it gathers once it does")
    if arguments.days is not None or with_service:
        calibrating.begin(path, bundle, consent, lasts=lasts)
        if arguments.days is not None:
            print(
                "it gathers while the service listens; `ser-edge calibrate show` says how far it is"
            )
            return EXIT_OK
        print("the service that listens gathers; Ctrl-C ends it earlier")
        _progress(calibrating.follow(path))
    else:
        with closing(_opened(arguments.source, config)) as source:
            calibrating.begin(path, bundle, consent, lasts=lasts)
            _progress(calibrating.gather(config, bundle, path, source))
    _end(path)
    return _show(arguments, config, path)


def _show(_arguments: argparse.Namespace, config: Config, path: Path) -> int:
    calibration = _found(path)
    for line in calibrating.summary(calibration, enabled=config.adaptation.enabled):
        print(line)
    return EXIT_OK


def _export(arguments: argparse.Namespace, _config: Config, path: Path) -> int:
    text = json.dumps(to_table(_found(path)), indent=1, ensure_ascii=False)
    if arguments.file == "-":
        print(text)
        return EXIT_OK
    try:
        Path(arguments.file).write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{arguments.file} cannot be written: {error.strerror}") from error
    return EXIT_OK


def _reset(_arguments: argparse.Namespace, _config: Config, path: Path) -> int:
    was_there = adaptation.delete(path)
    print("deleted: decisions are plain" if was_there else "nothing was known of anybody")
    return EXIT_OK


def _on(arguments: argparse.Namespace, config: Config, path: Path) -> int:
    return _switched(arguments, config, path, is_paused=False)


def _off(arguments: argparse.Namespace, config: Config, path: Path) -> int:
    return _switched(arguments, config, path, is_paused=True)


def _switched(arguments: argparse.Namespace, config: Config, path: Path, *, is_paused: bool) -> int:
    _changed(path, lambda found: replace(found, paused=is_paused))
    return _show(arguments, config, path)


def _end(path: Path) -> None:
    """Let nothing be added any more: what was heard was all that was agreed to."""
    now = calibrating.now()
    until = now.isoformat(timespec="seconds")
    _changed(
        path, lambda found: replace(found, gathers_until=until) if found.gathers(now) else found
    )


def _changed(path: Path, how: Callable[[Calibration], Calibration]) -> None:
    if adaptation.change(path, how) is None:
        raise _nothing(path)


def _found(path: Path) -> Calibration:
    found = adaptation.read(path)
    if found is None:
        raise _nothing(path)
    return found


def _nothing(path: Path) -> NoInputError:
    return NoInputError(
        f"{path} does not exist: nothing is known of anybody's usual voice; "
        "`ser-edge calibrate person` begins"
    )


def _length(arguments: argparse.Namespace) -> timedelta:
    if arguments.days is not None:
        if arguments.source:
            raise UsageError("--days is for the service, which hears the microphone; leave out one")
        return timedelta(days=_within("--days", arguments.days, low=0.01, high=_MOST_DAYS))
    minutes = _USUAL_MINUTES if arguments.minutes is None else arguments.minutes
    return timedelta(minutes=_within("--minutes", minutes, low=0.1, high=_MOST_MINUTES))


def _within(name: str, value: float, *, low: float, high: float) -> float:
    if not low <= value <= high:
        raise UsageError(f"{name} is {value:g}, expected {low:g} to {high:g}")
    return value


def _time(lasts: timedelta, words: ConsentWords) -> str:
    if lasts < timedelta(days=1):
        return f"{lasts.total_seconds() / 60:g} {words.minutes}"
    return f"{lasts.days} {words.day if lasts.days == 1 else words.days}"


def _consent(arguments: argparse.Namespace, lasts: timedelta, path: Path) -> Consent:
    words = LANGUAGES[arguments.language]
    print(words.text.format(time=_time(lasts, words), path=path))
    name = _asked(words) if arguments.consent is None else arguments.consent.strip()
    if not name:
        raise ConsentError("consent was not given; nothing is kept")
    return Consent(
        agreed_by=name,
        agreed_at=calibrating.now().isoformat(timespec="seconds"),
        wording=f"{WORDING} {arguments.language}",
    )


def _asked(words: ConsentWords) -> str:
    try:
        return input(words.by).strip() if input(words.question).strip() == words.yes else ""
    except EOFError:
        print()
        return ""


def _opened(recording: Path | None, config: Config) -> AudioSource:
    if recording:
        return calibrating.open_recording(recording)
    audio = config.audio
    refuse_while_muted(Places.here())
    try:
        return PyAudioMicrophone(audio.device, block_ms=audio.block_ms, queue_s=audio.queue_s)
    except AudioDeviceError as error:
        if not calibrating.is_service_listening(Places.here()):
            raise
        raise AudioDeviceError(
            f"{error}; ser-edge itself listens now: `sudo systemctl stop ser-edge`, measure, and "
            "start it again"
        ) from error


def _measured(source: AudioSource, seconds: float) -> RoomMeter:
    meter = RoomMeter(source.sample_rate_hz)
    n_idle = 0
    while meter.duration_s < seconds:
        try:
            block = source.read(timeout_s=_READ_S)
        except SourceEnded:
            break
        if block is None:
            n_idle += 1
            if n_idle * _READ_S > seconds:
                raise AudioDeviceError(f"{source.name} delivered nothing; plug it in again")
            continue
        meter.push(block)
        _say(f"{meter.level_dbfs:6.1f} dBFS, {seconds - meter.duration_s:3.0f} s left")
    _say("")
    return meter


def _progress(steps: Iterable[Heard]) -> None:
    try:
        for heard in steps:
            _say(f"{heard.usual.speech_s:4.0f} s of speech, {heard.left_s / 60:4.1f} min left")
    except KeyboardInterrupt:
        pass
    _say("")


def _say(text: str) -> None:
    """Write over the line before, where there is somebody to see it."""
    if sys.stdout.isatty():
        print(f"\r{text:60}", end="\n" if not text else "", flush=True)
