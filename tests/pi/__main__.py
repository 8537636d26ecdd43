"""`script/test-pi`: makes a card, boots it, tells the story, and counts."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from tests.pi import card, kernel, sounds, wheels
from tests.pi.guest import StepError
from tests.pi.machine import Machine
from tests.pi.story import Step, Story
from tests.pi.tools import PACKAGES, run, say
from tests.support import REPOSITORY


def main() -> int:
    """Return 0 if every step went well, 1 if not, 3 where something is missing here."""
    parser = argparse.ArgumentParser(prog="script/test-pi", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the working folder")
    arguments = parser.parse_args()
    if missing := _missing():
        say(missing)
        return 3
    # Else the machine would go on without us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="ser-edge-pi-"))
    try:
        with closing(_story(folder)) as story:
            return _tell(story.steps())
    except sounds.NoRecordingsError as error:
        say(str(error))
        return 3
    except RuntimeError as error:
        say(f"no card could be made: {error}")
        return 1
    finally:
        if arguments.keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder)


def _missing() -> str | None:
    packages = {package for name, package in PACKAGES.items() if shutil.which(name) is None}
    if packages:
        return f"these Debian packages are missing: {' '.join(sorted(packages))}"
    return None if os.geteuid() == 0 else "only root can make a root file system"


def _story(folder: Path) -> Story:
    began_s = time.monotonic()
    say("Debian's root for arm64 (the first time, this takes minutes)")
    root = run(REPOSITORY / "script/system-root", "bookworm", "arm64", "pi", *card.PACKAGES)
    root_folder = Path(root.strip())
    debian = kernel.prepare(root_folder)
    shared = folder / "shared"
    sounds.make_sounds(shared / "sounds")
    wheels.gather(root_folder, shared / "wheels")
    card.put_project(shared)
    say(f"kernel, wheels and sounds are ready, {time.monotonic() - began_s:.0f} s")
    machine = Machine(kernel=debian, card=folder / "card.img", folder=folder)

    def install() -> str:
        return card.make(machine.card, root=root_folder, kernel=debian, keys=folder, shared=shared)

    return Story(machine, folder, install=install)


def _tell(steps: Sequence[Step]) -> int:
    began_s = time.monotonic()
    n_passed = n_failed = 0
    for number, (title, act) in enumerate(steps):
        if _passes(title, act):
            n_passed += 1
            continue
        n_failed += 1
        if title.startswith("!"):
            n_failed += len(steps) - number - 1
            _print(f"FAIL          the other {len(steps) - number - 1} steps need it")
            break
    _print(f"{n_passed} passed, {n_failed} failed in {time.monotonic() - began_s:.0f} s")
    return 1 if n_failed else 0


def _passes(title: str, act: Callable[[], str | None]) -> bool:
    began_s = time.monotonic()
    try:
        remark, verdict = act(), "ok  "
    except (StepError, RuntimeError, OSError, KeyError) as error:
        remark, verdict = f"{error}", "FAIL"
    took_s = time.monotonic() - began_s
    _print(f"{verdict} {took_s:6.1f} s  {title[2:]}" + (f": {remark}" if remark else ""))
    return verdict != "FAIL"


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
