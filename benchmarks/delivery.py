"""How long an alarm takes from its row in the log to a subscriber of the broker.

`python benchmarks/delivery.py` runs a real Mosquitto, `ser-edge deliver` as a process of its own,
and the ears' control socket, which says that there is something new. It prints milliseconds.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.edge.notify.letters import Clock, waiting_ids, write
from tests.edge.record.samples import begun
from tests.fakes.broker import Listener, running, wait_until
from tests.fakes.ears import FakeEars

EVENT = "ser-edge/bench/event"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alarms", type=int, default=100)
    n = parser.parse_args().alarms
    with TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"STATE_DIRECTORY": name, "RUNTIME_DIRECTORY": name}
        with running(folder) as broker, Listener(broker.port, EVENT) as listener:
            config = folder / "config.toml"
            config.write_text(
                f"[room]\nname = 'bench'\n[mqtt]\nhost = 'localhost'\nport = {broker.port}\n"
            )
            command = [sys.executable, "-m", "edge", "deliver", "--config", str(config)]
            with FakeEars() as ears, subprocess.Popen(command) as process:
                _print("a subscriber has it", _measure(folder, ears, listener, n))
                process.terminate()


def _measure(folder: Path, ears: FakeEars, listener: Listener, n: int) -> list[float]:
    log_file, clock = folder / "log.db", Clock()
    times_ms = []
    with closing(begun(log_file, clock)) as log:
        for i in range(n + 1):
            write(log, clock)
            began_s = time.perf_counter()
            ears.show(newest_message=i + 1)
            while len(listener.heard) <= i:
                time.sleep(0.0002)
            times_ms.append(1e3 * (time.perf_counter() - began_s))
            wait_until(lambda: not waiting_ids(log_file))
            time.sleep(
                random.uniform(0.2, 0.4)
            )  # never in step with what is told ten times a second
    return times_ms[1:]  # the first one waited for the program's start


def _print(what: str, times_ms: list[float]) -> None:
    median, most = statistics.median(times_ms), max(times_ms)
    p95 = statistics.quantiles(times_ms, n=20)[-1]
    print(f"{what}: median {median:.1f} ms, p95 {p95:.1f} ms, max {most:.1f} ms, n {len(times_ms)}")


if __name__ == "__main__":
    main()
