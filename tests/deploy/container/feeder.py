"""Plays a recording into a FIFO for ever, in real time: the microphone of the container.

Run with the Python of an installed release, which has soundfile. The FIFO stays open for reading
too, so that neither end ever sees the other go; what nobody reads is dropped, as a sound card does.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16000
PERIOD_S = 0.02
BYTES_PER_PERIOD = 2 * round(RATE_HZ * PERIOD_S)
FIFO = Path("/run/ser-test/microphone")


def sound_of(recording: str) -> bytes:
    samples, rate_hz = soundfile.read(recording, dtype="int16", always_2d=True)
    if rate_hz != RATE_HZ:
        sys.exit(f"{recording} has {rate_hz} Hz, and the FIFO carries {RATE_HZ} Hz")
    return np.ascontiguousarray(samples[:, 0]).tobytes()


def main(recording: str) -> None:
    sound = sound_of(recording)
    FIFO.parent.mkdir(mode=0o755, exist_ok=True)
    FIFO.unlink(missing_ok=True)
    os.mkfifo(FIFO)
    FIFO.chmod(0o666)
    fifo = os.open(FIFO, os.O_RDWR | os.O_NONBLOCK)
    begun = time.monotonic()
    for period in itertools.count():
        offset = period * BYTES_PER_PERIOD % (len(sound) - BYTES_PER_PERIOD)
        with contextlib.suppress(BlockingIOError):
            os.write(fifo, sound[offset : offset + BYTES_PER_PERIOD])
        time.sleep(max(0.0, begun + (period + 1) * PERIOD_S - time.monotonic()))


if __name__ == "__main__":
    main(sys.argv[1])
