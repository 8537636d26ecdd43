"""The virtual Pi itself: QEMU's raspi3b, its power, its pins as seen from outside, its network."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from tests.pi.kernel import Kernel

PIN_LEVELS: Final = 0x3F200034
"""GPLEV0 of the BCM2835: the levels of GPIO 0 to 31."""
_CONSOLE: Final = "console=ttyAMA0,115200 console=ttyS1,115200 rw net.ifnames=0 quiet"
_BOOT_LIMIT_S: Final = 300.0


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class Machine:
    """A Raspberry Pi 3 with a card in it; `power_on` and `cut_power` as often as you like."""

    kernel: Kernel
    card: Path
    folder: Path
    """For sockets, the console's text, and the keys of SSH."""
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None
    n_boots: int = 0

    @property
    def console(self) -> Path:
        """What the machine printed since its last start."""
        return self.folder / f"console-{self.n_boots}.txt"

    def power_on(self) -> None:
        """Start; what the card holds is all that it remembers."""
        self.n_boots += 1
        self._process = subprocess.Popen(
            self._command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "qemu.txt").open("ab"),
            start_new_session=True,
        )
        # Where the kernel groups processes by session, niceness counts only within one.
        with suppress(OSError):
            Path(f"/proc/{self._process.pid}/autogroup").write_text("-10", encoding="ascii")

    def cut_power(self) -> None:
        """Stop at once. The guest is not asked, so what it had only in memory is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for name in ("monitor", "ssh-control"):
            (self.folder / name).unlink(missing_ok=True)

    def wait_for_ssh(self) -> None:
        """Wait until the machine lets us in.

        Raises
        ------
        RuntimeError
            If it does not, with the last lines of its console.
        """
        limit_s = time.monotonic() + _BOOT_LIMIT_S
        while self.ssh("true", limit_s=20).returncode:
            if time.monotonic() > limit_s or self._process is None or self._process.poll():
                tail = self.console.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"the machine does not let us in:\n{tail}")
            time.sleep(1)

    def ssh(
        self, command: str, *, limit_s: float = 120.0, user: str = "root"
    ) -> subprocess.CompletedProcess[str]:
        """Run a command line in the machine and return what came of it."""
        words = ["ssh", "-F", str(self.ssh_config), "-l", user, "pi", command]
        try:
            return subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(words, 124, "", f"no answer within {limit_s:g} s")

    @property
    def ssh_config(self) -> Path:
        """What `ssh -F` reads; it is written once."""
        path = self.folder / "ssh_config"
        if not path.exists():
            path.write_text(
                f"Host pi\n  HostName 127.0.0.1\n  Port {self.port}\n  HostKeyAlias pi\n"
                f"  IdentityFile {self.folder}/key\n  IdentitiesOnly yes\n  IdentityAgent none\n"
                f"  UserKnownHostsFile {self.folder}/known_hosts\n  StrictHostKeyChecking yes\n"
                "  BatchMode yes\n  ConnectTimeout 15\n  ServerAliveInterval 10\n",
                encoding="utf-8",
            )
        return path

    def lit(self, pins: Iterable[int], *, for_s: float = 1.5) -> set[int]:
        """Return those pins that were high at any moment; a dimmed LED is high now and then."""
        seen = 0
        for levels in self._levels(for_s):
            seen |= levels
        return {pin for pin in pins if seen >> pin & 1}

    def share_lit(self, pin: int, *, for_s: float = 6.0) -> float:
        """Return the share of the looks at which this pin was high."""
        looks = [levels >> pin & 1 for levels in self._levels(for_s)]
        return sum(looks) / len(looks)

    def _levels(self, for_s: float) -> Iterator[int]:
        """Yield the levels of all pins, again and again."""
        until_s = time.monotonic() + for_s
        with Monitor(self.folder / "monitor") as monitor:
            while time.monotonic() < until_s:
                yield monitor.word(PIN_LEVELS)
                time.sleep(0.003)

    def _command(self) -> list[str]:
        kernel = self.kernel
        # The card's file is written straight through QEMU into this machine's memory: killing QEMU
        # loses nothing that the guest has handed to its card, and everything that it has not.
        # Sound does not wait: where this machine is busy, the emulation goes first.
        return [
            *("nice", "-n", "-10"),
            *("qemu-system-aarch64", "-M", "raspi3b", "-nographic", "-no-reboot"),
            *("-kernel", str(kernel.image), "-initrd", str(kernel.initrd)),
            *("-dtb", str(kernel.tree), "-append", _CONSOLE),
            *("-drive", f"file={self.card},if=sd,format=raw"),
            *("-netdev", f"user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22"),
            *("-device", "usb-net,netdev=n0"),
            *("-serial", f"file:{self.console}"),
            *("-monitor", f"unix:{self.folder / 'monitor'},server=on,wait=off"),
        ]


class Monitor:
    """QEMU's monitor: looks into the machine without its knowing."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(20)
        self._socket.connect(str(path))

    def __enter__(self) -> Self:
        self._until_prompt()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def word(self, address: int) -> int:
        """Return 32 bits of the machine's physical memory, or of a chip's register."""
        self._socket.sendall(f"xp /1wx {address:#x}\n".encode())
        found = re.search(r": 0x([0-9a-f]{8})", self._until_prompt())
        if found is None:
            raise RuntimeError(f"QEMU's monitor does not tell the word at {address:#x}")
        return int(found.group(1), 16)

    def _until_prompt(self) -> str:
        text = b""
        while not text.rstrip().endswith(b"(qemu)"):
            more = self._socket.recv(4096)
            if not more:
                raise RuntimeError("QEMU's monitor has closed: the machine has stopped")
            text += more
        return text.decode(errors="replace")
