"""The forced command of a device under test: the real one, and now and then a blow at a step.

Run as ``python saboteur.py FILE``; the file says ``WHAT STEP TIMES``. ``kill`` ends the receiving
process, ``cut`` the connection under it; both as a power cut would, without a farewell. ``fill``
fills the disk of the store before the step is heard of, and leaves as many bytes as the third word
says.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

FILE = Path(sys.argv[1])


def main() -> int:
    if not FILE.exists():
        os.execv(sys.executable, (sys.executable, "-m", "edge", "model", "receive"))
    what, step, times = FILE.read_text().split()
    if what != "fill" and int(times) > 1:
        FILE.write_text(f"{what} {step} {int(times) - 1}")
    else:
        FILE.unlink()
    command = (sys.executable, "-m", "edge", "model", "receive")
    receiving = subprocess.Popen(command, stdout=subprocess.PIPE)
    for line in receiving.stdout:
        is_it = json.loads(line).get("step") == step
        if what == "fill" and is_it:
            fill(Path(os.environ["STATE_DIRECTORY"]), leave=int(times))
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        if what != "fill" and is_it:
            strike(what, receiving)
    return receiving.wait()


def strike(what: str, receiving: subprocess.Popen[bytes]) -> None:
    if what == "kill":
        receiving.kill()
        receiving.wait()
    else:
        connection = parent_of(os.getpid())
        # A shell may stand between sshd and this process.
        if "sshd" not in Path(f"/proc/{connection}/comm").read_text():
            connection = parent_of(connection)
        os.kill(connection, signal.SIGKILL)
        os._exit(1)


def fill(disk: Path, *, leave: int) -> None:
    found = os.statvfs(disk)
    with (disk / "filler").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, found.f_bavail * found.f_frsize - leave)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


sys.exit(main())
