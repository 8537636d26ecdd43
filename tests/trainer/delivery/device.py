"""A device that speaks the protocol of ``ser-edge model receive``, well or badly as it is told.

Run as ``python device.py BEHAVIOUR FOLDER``: behaviour is JSON, the folder is what it remembers.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

BEHAVIOUR = json.loads(sys.argv[1])
MEMORY = Path(sys.argv[2])


def say(**word: object) -> None:
    sys.stdout.write(json.dumps(word) + "\n")
    sys.stdout.flush()


def n_visits() -> int:
    counter = MEMORY / "visits"
    n = int(counter.read_text()) + 1 if counter.exists() else 1
    counter.write_text(str(n))
    return n


def die_after(step: str, visit: int) -> None:
    """Die at a step, in as many visits as told."""
    if BEHAVIOUR.get("dies_after") == step and visit <= BEHAVIOUR.get("deaths", 1):
        os.kill(os.getpid(), signal.SIGKILL)


def receive(offer: dict, have: int, visit: int) -> bytes:
    part = MEMORY / offer["sha256"]
    with part.open("ab") as file:
        while file.tell() < offer["n_bytes"]:
            piece = sys.stdin.buffer.read1(4096)
            if not piece:
                sys.exit(74)
            file.write(piece)
            if file.tell() - have > BEHAVIOUR.get("cut_after", 1e9) and visit <= 3:
                file.flush()
                sys.exit(255)
    return part.read_bytes()


def main() -> None:
    visit = n_visits()
    if BEHAVIOUR.get("mute") == "at first":
        time.sleep(60)
    sys.stderr.write(BEHAVIOUR.get("stderr", ""))
    sys.stdout.write(BEHAVIOUR.get("junk", ""))
    sys.stdout.flush()
    if "exit" in BEHAVIOUR and visit <= BEHAVIOUR.get("deaths", 1e9):
        sys.exit(BEHAVIOUR["exit"])
    serve(json.loads(sys.stdin.buffer.readline()), visit)


def serve(offer: dict, visit: int) -> None:
    (MEMORY / "offer.json").write_text(json.dumps(offer))
    device = {"version": "1.2", "runtime": "litert 2", "machine": "aarch64"}
    device |= {"model": {"name": "room", "version": "1"}, "service": "running"}
    if offer.get("ask") == "state":
        say(step="hello", device=device)
        return
    if verdict := BEHAVIOUR.get("at_once"):
        say(outcome=verdict, why="because", model="room-1", previous=None)
        sys.exit(65 if verdict == "refused" else 0)
    part = MEMORY / offer["sha256"]
    have = part.stat().st_size if part.exists() else 0
    say(step="hello", have=have, device=device)
    if BEHAVIOUR.get("mute") == "once greeted" and visit == 1:
        time.sleep(60)
    if BEHAVIOUR.get("full"):
        say(outcome="failed", why="no space is left", model=None, previous=None)
        sys.exit(74)
    install(receive(offer, have, visit), offer, visit)


def install(content: bytes, offer: dict, visit: int) -> None:
    assert hashlib.sha256(content).hexdigest() == offer["sha256"]
    for step in ("received", "waiting", "verified", "tested", "switched", "trial"):
        say(step=step, signer="ann", latency_ms=3.2, hop_ms=500)
        die_after(step, visit)
    for i in range(1, 1 + int(BEHAVIOUR.get("trial_s", 0) * 10)):
        say(step="trial", why=f"{i / 10:g} s, needs {BEHAVIOUR['trial_s']:g}")
        time.sleep(0.1)
    verdict = BEHAVIOUR.get("verdict", "changed")
    if visit > 1 and BEHAVIOUR.get("then"):
        verdict = BEHAVIOUR["then"]
    why = BEHAVIOUR.get("why", "room 2 runs")
    say(outcome=verdict, why=why, model="room-2-abc", previous="room-1-def")
    sys.exit({"refused": 65, "rolled back": 75, "failed": 74}.get(verdict, 0))


main()
