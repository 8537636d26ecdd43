"""The forced command of a device under test: the real one, and now and then a blow at a step.

Run as ``python saboteur.py FILE``; the file says ``WHAT STEP TIMES``. ``kill`` ends the receiving
process, ``cut`` the connection under it; both as a power cut would, without a farewell.
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
    if int(times) > 1:
        FILE.write_text(f"{what} {step} {int(times) - 1}")
    else:
        FILE.unlink()
    command = (sys.executable, "-m", "edge", "model", "receive")
    receiving = subprocess.Popen(command, stdout=subprocess.PIPE)
    for line in receiving.stdout:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        if json.loads(line).get("step") == step:
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


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


sys.exit(main())
