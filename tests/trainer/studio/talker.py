"""Somebody who speaks into a microphone, in real time."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

import numpy as np

from edge.dsp.pcm import encode_s16
from tests.trainer.studio import sounds


class Talker:
    """A room in real time at the other end of the microphone; `say` speaks into it."""

    def __init__(self, fifo: Path) -> None:
        self.played = bytearray()
        self._fifo = fifo
        self._waiting: deque[bytes] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def say(self, sound: np.ndarray) -> None:
        pcm = encode_s16(sound)
        self._waiting.extend(pcm[i : i + 1920] for i in range(0, len(pcm) - 1919, 1920))

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(5)

    def _talk(self) -> None:
        room = encode_s16(sounds.room(10.0))
        descriptor = os.open(self._fifo, os.O_WRONLY | os.O_NONBLOCK)
        due_s, position = time.monotonic(), 0
        while not self._stopping.wait(max(0.0, due_s - time.monotonic())):
            due_s += 0.02
            position = (position + 1920) % len(room)
            period = self._waiting[0] if self._waiting else room[position : position + 1920]
            with suppress(BlockingIOError):  # nobody listens
                os.write(descriptor, period)
                self.played += period
                if self._waiting:
                    self._waiting.popleft()
        os.close(descriptor)
