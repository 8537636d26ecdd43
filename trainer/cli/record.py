"""`ser-trainer record`: one person says labelled sentences into a corpus of one's own."""

from __future__ import annotations

import argparse
import getpass
import re
import shlex
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path

from edge.contract.labels import EMOTIONS
from edge.contract.tables import did_you_mean
from edge.errors import NoInputError, UsageError
from trainer.corpora.listed import GREATEST_AGE_YEARS
from trainer.corpora.words import plain
from trainer.studio import consent, wording
from trainer.studio.consent import Consent
from trainer.studio.microphone import open_ear
from trainer.studio.plan import Prompt, plan
from trainer.studio.session import Session, Work
from trainer.studio.shelf import Shelf, Speaker, file_name
from trainer.studio.terminal import Terminal
from trainer.studio.wording import Wording

EXAMPLES = """\
  ser-trainer record --speaker anna --out ~/corpora/family
  ser-trainer record --speaker otto --out ~/corpora/family --language de
  ser-trainer record --speaker anna --out ~/corpora/family --takes 2
  ser-trainer record --speaker anna --out ~/corpora/family --forget
  ser-trainer record --speaker test --out /tmp/test --source speech.wav

The same command goes on where the last session has ended. Without consent
nothing is written, and the exit code is 77.
"""
_NAME = re.compile(r"\w[\w-]{0,39}")
_MOST_TAKES = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--speaker", required=True, metavar="NAME", help="name or code of the person"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder of the corpus"
    )
    parser.add_argument(
        "--emotions",
        default=",".join(EMOTIONS),
        metavar="LIST",
        help="which ones, with commas between them (default: all eight)",
    )
    parser.add_argument(
        "--sentences", type=Path, metavar="FILE", help="sentences of your own, one on each line"
    )
    parser.add_argument(
        "--takes", type=int, default=1, metavar="N", help="how often each one is said (default: 1)"
    )
    parser.add_argument(
        "--language", choices=wording.languages(), default="en", help="what is read (default: en)"
    )
    parser.add_argument("--sex", choices=("F", "M"), default="", help="of the speaker")
    parser.add_argument("--age", type=int, metavar="YEARS", help="of the speaker")
    parser.add_argument("--by", metavar="NAME", help="who records (default: your login name)")
    parser.add_argument("--seed", default="0", help="draws the order (default: 0)")
    heard = parser.add_mutually_exclusive_group()
    heard.add_argument(
        "--device", default="", metavar="NAME", help="microphone, as `ser-edge devices` calls it"
    )
    heard.add_argument(
        "--source", type=Path, metavar="FILE", help="for a rehearsal: a recording as microphone"
    )
    parser.add_argument(
        "--forget", action="store_true", help="delete all recordings of the speaker, after asking"
    )


def execute(arguments: argparse.Namespace) -> None:
    """Ask for consent, check the level, record; or forget."""
    arguments.speaker = plain(arguments.speaker)
    _refuse(arguments)
    words = wording.load(arguments.language)
    shelf = Shelf(arguments.out)
    with Terminal(words.choices) as screen:
        if arguments.forget:
            _forget(screen, words, shelf, arguments.speaker)
        else:
            _record(screen, words, shelf, arguments)


def _record(screen: Terminal, words: Wording, shelf: Shelf, arguments: argparse.Namespace) -> None:
    prompts = _prompts(arguments, words)
    recorded = shelf.recorded()
    todo = [p for p in prompts if file_name(p, arguments.speaker) not in recorded]
    if not todo:
        complete = words.lines.complete
        screen.say(complete.format(speaker=arguments.speaker, total=len(prompts)))
        return
    speaker = _speaker(arguments, shelf)
    agreed = _consent(screen, words, arguments)
    shelf.open()
    consent.write(shelf.folder, agreed)
    work = Work(
        speaker=arguments.speaker,
        greeting=words.consent.known.format(by=agreed.agreed_by, date=agreed.agreed_at[:10]),
        prompts=todo,
        n_total=len(prompts),
        keep=partial(shelf.keep, speaker=speaker),
    )
    with closing(open_ear(arguments.device, rehearsal=arguments.source)) as ear:
        outcome = Session(ear, screen, words, work).run()
    farewell = words.lines.stopped if outcome.n_left else words.lines.finished
    screen.page(words.lines.end)
    screen.say(farewell.format(kept=outcome.n_kept, left=outcome.n_left, folder=shelf.folder))


def _forget(screen: Terminal, words: Wording, shelf: Shelf, speaker: str) -> None:
    files = shelf.files_of(speaker)
    if not files and not consent.path(shelf.folder, speaker).exists():
        raise NoInputError(f"{shelf.folder} holds nothing of {speaker}; check --speaker and --out")
    facts = {"files": len(files), "speaker": speaker, "folder": shelf.folder}
    try:
        is_meant = consent.is_yes(screen.ask(words.lines.forget.format(**facts)), words.consent)
    except EOFError:
        is_meant = False
    if not is_meant:
        screen.say(words.lines.not_forgotten)
        return
    shelf.forget(speaker)
    consent.delete(shelf.folder, speaker)
    screen.say(words.lines.forgotten.format(**facts))


def _refuse(arguments: argparse.Namespace) -> None:
    if not _NAME.fullmatch(arguments.speaker):
        raise UsageError(
            f"--speaker is {arguments.speaker!r}, expected up to 40 letters, digits, - and _, "
            "because folders are named by it"
        )
    if not 1 <= arguments.takes <= _MOST_TAKES:
        raise UsageError(f"--takes is {arguments.takes}, expected 1 to {_MOST_TAKES}")
    if arguments.age is not None and not 1 <= arguments.age <= GREATEST_AGE_YEARS:
        raise UsageError(f"--age is {arguments.age}, expected 1 to {GREATEST_AGE_YEARS} years")
    if arguments.out.exists() and not arguments.out.is_dir():
        raise UsageError(f"--out is {arguments.out}, which is a file; name a folder")


def _prompts(arguments: argparse.Namespace, words: Wording) -> list[Prompt]:
    file = arguments.sentences
    return plan(
        {emotion: words.scenes[emotion] for emotion in _emotions(arguments.emotions)},
        wording.read_sentences(file) if file else words.sentences,
        n_takes=arguments.takes,
        seed=f"{arguments.seed} {arguments.speaker}",
    )


def _emotions(text: str) -> list[str]:
    wanted = [word for part in text.split(",") if (word := part.strip().casefold())]
    for word in wanted:
        if word not in EMOTIONS:
            hint = did_you_mean(word, list(EMOTIONS))
            raise UsageError(f"--emotions names {word!r}, which is no emotion; {hint}")
    if not wanted:
        raise UsageError(f"--emotions names none; known are: {', '.join(EMOTIONS)}")
    return [emotion for emotion in EMOTIONS if emotion in wanted]


def _consent(screen: Terminal, words: Wording, arguments: argparse.Namespace) -> Consent:
    known = consent.read(arguments.out, arguments.speaker)
    if known and known.wording_version == words.consent.version:
        return known
    out = arguments.out.absolute()
    command = ("ser-trainer", "record", "--speaker", arguments.speaker, "--out", str(out))
    request = consent.Request(
        speaker=arguments.speaker,
        recorder=arguments.by or getpass.getuser(),
        folder=out,
        command=shlex.join([*command, "--forget"]),
        language=arguments.language,
    )
    return consent.ask(screen, words.consent, request, now=datetime.now().astimezone())


def _speaker(arguments: argparse.Namespace, shelf: Shelf) -> Speaker:
    known = shelf.latest(arguments.speaker)
    if arguments.sex and known.sex and arguments.sex != known.sex:
        raise UsageError(
            f"--sex is {arguments.sex}, but {shelf.folder} says {known.sex} of {known.name}; leave "
            "it out, or name another speaker"
        )
    return Speaker(
        name=arguments.speaker,
        sex=arguments.sex or known.sex,
        age_years=str(arguments.age or known.age_years),
    )
