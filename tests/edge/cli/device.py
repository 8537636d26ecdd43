"""A device to push to: its folders, its signers, and a service that judges what it is told to."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.app.channel import Channel
from edge.app.receiving import receive
from edge.contract import tables
from edge.contract.bundle import ModelBundle
from edge.record.moments import boot_id
from edge.service.status import ModelStatus, Status, write_status
from edge.store.catalog import ModelStore
from edge.store.examiner import Limits
from tests.edge.store.keys import make_key, signed
from tests.edge.store.models import kitchen, manifest, store_in
from tests.support import REPOSITORY

QUICK = Limits(cpu_s=20, wall_s=40)


class Device:
    """See the module's text; STATE_DIRECTORY and RUNTIME_DIRECTORY must lead to its folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "etc" / "config.toml"
        self.config.parent.mkdir(parents=True)
        self.configure("")
        self.key = folder / "ann"
        make_key(self.key)
        self.signers = self.config.with_name("allowed_signers")
        self.signers.write_text(f"ann@desk {self.key.with_suffix('.pub').read_text()}")
        self.words: list[dict[str, Any]] = []

    def configure(self, text: str) -> None:
        self.config.write_text(text)

    @property
    def store(self) -> ModelStore:
        return store_in(self.folder / "state")

    def offer(self, content: bytes, *, key: Path | None = None, **changes: Any) -> bytes:
        """Return the line that offers a model, signed by `key` or by Ann."""
        path = self.folder / "offered.tflite"
        path.write_bytes(content)
        table = {
            "protocol": 1,
            "sha256": hashlib.sha256(content).hexdigest(),
            "n_bytes": len(content),
            "manifest": tables.to_table(_manifest(content)),
            "signature": signed(path, key or self.key).decode(),
            "allow_downgrade": False,
        }
        return json.dumps(table | changes).encode() + b"\n"

    def push(self, content: bytes, *, line: bytes | None = None, **changes: Any) -> dict[str, Any]:
        """Push within this process and return the last word; `words` has all."""
        sent = (line or self.offer(content, **changes)) + content
        return self.talk(sent)

    def talk(self, sent: bytes) -> dict[str, Any]:
        (self.folder / "input").write_bytes(sent)
        output = self.folder / f"output-{threading.get_ident()}"
        with (self.folder / "input").open("rb") as given, output.open("wb") as told:
            channel = Channel(given.fileno(), told.fileno(), patience_s=5)
            self.exit_code = receive(self.config, channel, limits=QUICK)
        self.words = [json.loads(line) for line in output.read_text().splitlines()]
        return self.words[-1]

    @property
    def steps(self) -> list[str]:
        return [word["step"] for word in self.words if "step" in word]

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "edge", "model", *words, "--config", str(self.config)]

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start the real program, with pipes."""
        return subprocess.Popen(
            self.command(*words),
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | environment,
        )

    @contextmanager
    def service(self, *, verdict: str | None) -> Iterator[None]:
        """Let a service run that takes models up, and confirms or reverts them."""
        stop = threading.Event()
        thread = threading.Thread(target=self._serve, args=(stop, verdict))
        self._tell()
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _serve(self, stop: threading.Event, verdict: str | None) -> None:
        known = self.store.current_id()
        while not stop.wait(0.1):
            self._tell()
            if self.store.current_id() == known:
                continue
            known = self.store.take_up(boot_id()).current_id
            stop.wait(0.5)
            if verdict == "healthy":
                self.store.confirm(known)
            elif verdict:
                self.store.revert(known, why=verdict)
                known = self.store.current_id()

    def _tell(self) -> None:
        write_status(self.folder / "run" / "status.json", a_status())


def _manifest(content: bytes) -> Any:
    try:
        return ModelBundle.from_bytes(content, source="offered").manifest
    except ValueError:
        return manifest(version="1.0")


def a_status() -> Status:
    import time

    return Status(
        schema=1,
        pid=os.getpid(),
        boot_id=boot_id(),
        version="1",
        started_utc="2026-11-26T00:00:00Z",
        updated_utc="2026-11-26T00:00:00Z",
        updated_monotonic_s=time.monotonic(),
        health="listening",
        fault=None,
        source="a fake",
        model=ModelStatus(id=None, name="room", version="1", sha256=""),
        on_trial=False,
        state="no_speech",
        confidence=0.0,
        speaking=False,
        level_dbfs=-60.0,
        n_windows=1,
        latency_ms=None,
        hop_s=0.5,
        n_lost=0,
        alarm=None,
        trouble=(),
    )


__all__ = ["Device", "kitchen"]
