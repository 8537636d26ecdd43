"""The program with a fault planted: it lets out sound in the way that the first argument names."""

from __future__ import annotations

import base64
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edge.cli import main
from edge.infer.classifier import EmotionClassifier
from edge.service.ears import Ears


def to_file(name: str) -> Callable[[bytes], object]:
    path = Path(os.environ["STATE_DIRECTORY"]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab", buffering=0).write


def to_socket() -> Callable[[bytes], object]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)

    def send(content: bytes) -> None:
        ours.sendall(content)
        while len(content) > 0:
            try:
                content = theirs.recv(2**20)
            except BlockingIOError:
                return

    return send


def leak_blocks(write: Callable[[bytes], object], form: Callable[[Any], bytes]) -> None:
    push = Ears.push

    def leaking(self: Ears, block: Any, **how: Any) -> Any:
        write(form(block.samples))
        return push(self, block, **how)

    Ears.push = leaking  # type: ignore[method-assign]


def leak_features(write: Callable[[bytes], object]) -> None:
    logits = EmotionClassifier.logits

    def leaking(self: EmotionClassifier, features: Any) -> Any:
        write(features.tobytes())
        return logits(self, features)

    EmotionClassifier.logits = leaking  # type: ignore[method-assign]


def as_int16(samples: Any) -> bytes:
    return (np.round(samples * 32768)).astype("<i2").tobytes()


LEAKS = {
    "int16 in a file": lambda: leak_blocks(to_file("x.wav"), as_int16),
    "float32 in a socket": lambda: leak_blocks(to_socket(), lambda samples: samples.tobytes()),
    "base64 in a text": lambda: leak_blocks(
        to_file("x.txt"), lambda samples: base64.b64encode(as_int16(samples)) + b"\n"
    ),
    "JSON in a text": lambda: leak_blocks(
        to_file("x.json"), lambda samples: json.dumps(samples.tolist()).encode()
    ),
    "features in a file": lambda: leak_features(to_file("x.npy")),
}

if __name__ == "__main__":
    LEAKS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
