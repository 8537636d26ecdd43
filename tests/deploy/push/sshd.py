"""A real sshd on the loopback, and devices behind it: one key and one state directory for each."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.support import need

SABOTEUR = Path(__file__).with_name("saboteur.py")
CUTTER = Path(__file__).with_name("cutter.py")
_PRIVSEP = Path("/run/sshd")
_PATIENCE_S = 20

CONFIG = """\
[audio]
device = "none"
[store]
signers = "{signers}"
"""


def program(name: str) -> str:
    """Return where a program of OpenSSH lies; sshd stands where users do not look."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    need(found, f"{name} (Debian: openssh-client, openssh-server)")
    return str(found)


def keygen(path: Path) -> Path:
    command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", str(path))
    subprocess.run(command, check=True)
    return path


def public(key: Path) -> str:
    return key.with_suffix(".pub").read_text().strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """A host of the tests."""

    name: str
    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def runtime(self) -> Path:
        return self.folder / "run"

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "STATE_DIRECTORY": str(self.state),
            "RUNTIME_DIRECTORY": str(self.runtime),
            "SER_EDGE_CONFIG": str(self.config),
        }

    def ser_edge(self, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run `ser-edge` on the device, as somebody who sits at it."""
        command = (sys.executable, "-m", "edge", *words)
        environment = os.environ | self.environment
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, **options
        )

    def sabotage(self, what: str, *, at: str, times: int = 1) -> None:
        """Let the next push be hurt at a step: ``cut`` or ``kill``."""
        (self.folder / "sabotage").write_text(f"{what} {at} {times}")


class Server:
    """One sshd for all devices of a module, and an ssh that knows them by their names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.host_key = keygen(folder / "host_key")
        self.signer = keygen(folder / "signer")
        self.stranger = keygen(folder / "stranger")
        self.authorized = folder / "authorized_keys"
        self.known_hosts = folder / "known_hosts"
        self.ssh_config = folder / "ssh_config"
        self.authorized.touch(0o600)
        self.ssh_config.touch(0o600)
        self.know(self.host_key)
        (folder / "allowed_signers").write_text(f"ann@desk {public(self.signer)}\n")
        self._make_ssh()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def programs(self) -> Path:
        """The folder with an ssh that reads this server's configuration."""
        return self.folder / "programs"

    def know(self, host_key: Path) -> None:
        kind, key, *_ = public(host_key).split()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")

    def start(self) -> None:
        if os.geteuid() == 0:  # where sshd's service never ran, nobody has made it
            _PRIVSEP.mkdir(mode=0o755, exist_ok=True)
        settings = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": self.host_key,
            "AuthorizedKeysFile": self.authorized,
            "PidFile": "none",
            "UsePAM": "no",
            "StrictModes": "no",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "PermitRootLogin": "prohibit-password",
            "PermitUserEnvironment": "yes",
            "MaxStartups": "100",
            "Subsystem": "sftp internal-sftp",
            "Banner": self.folder / "banner",
        }
        (self.folder / "banner").write_text(
            "Authorised people only.\nPermission denied (others).\n"
        )
        text = "".join(f"{key} {value}\n" for key, value in settings.items())
        (self.folder / "sshd_config").write_text(text)
        command = (program("sshd"), "-D", "-e", "-f", str(self.folder / "sshd_config"))
        with (self.folder / "sshd.log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL)
        self._wait_until_it_listens()

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()

    def add_device(self, name: str, *, command: str | None = None, ssh: str = "") -> Device:
        """Add a device whose key may only deliver a model.

        Parameters
        ----------
        name : str
            By which ssh knows it.
        command : str, optional
            Its forced command, in the place of the real one.
        ssh : str
            Further lines of the ssh configuration.
        """
        device, key = self._new(name, ssh)
        receive = command or self.receive(device)
        self._authorise(device, f'restrict,command="{receive}" {public(key)}')
        return device

    def add_device_by_the_book(self, name: str) -> Device:
        """Add a device whose key is authorised by the very line that its `ser-edge` prints."""
        device, key = self._new(name, "")
        printed = device.ser_edge("model", "authorize", f"{key}.pub").stdout.strip()
        installed = Path(sys.executable).with_name("ser-edge")
        need(installed.exists(), "ser-edge, installed by script/setup")
        assert "/usr/local/bin/ser-edge" in printed
        self._authorise(device, printed.replace("/usr/local/bin/ser-edge", str(installed)))
        return device

    def add_jump_host(self, name: str) -> None:
        """Add a name whose key may only lead on to other hosts."""
        key = keygen(self.folder / name)
        with self.authorized.open("a") as file:
            file.write(f'restrict,port-forwarding,command="false" {public(key)}\n')
        self._alias(name, key, "")

    def receive(self, device: Device) -> str:
        """Return the forced command of a device: the real one, with a saboteur in between."""
        return shlex.join((sys.executable, str(SABOTEUR), str(device.folder / "sabotage")))

    def cut_after(self, n_bytes: int) -> str:
        """Return ssh's configuration for a connection that breaks once, after so many bytes."""
        marker = self.folder / f"cut-{n_bytes}"
        words = (sys.executable, "-SE", str(CUTTER), str(self.port), str(n_bytes), str(marker))
        return f"  ProxyCommand {shlex.join(words)}\n"

    def ssh(
        self, name: str, *words: str, options: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run ssh by hand."""
        return self._run("ssh", *options, name, *words)

    def begin_sharing(self, device: Device) -> subprocess.Popen[bytes]:
        """Open a connection that others may share, and return it when they may."""
        command = (program("ssh"), "-F", str(self.ssh_config), "-M", "-N", device.name)
        sharing = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _PATIENCE_S
        while self.ssh(device.name, options=("-O", "check")).returncode:
            assert time.monotonic() < deadline
            assert sharing.poll() is None
        return sharing

    def scp(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run scp by hand."""
        return self._run("scp", *words)

    def _run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = (program(name), "-F", str(self.ssh_config), "-o", "BatchMode=yes", *words)
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def log(self) -> str:
        return (self.folder / "sshd.log").read_text()

    def _new(self, name: str, ssh: str) -> tuple[Device, Path]:
        device = Device(name=name, folder=self.folder / name)
        for folder in (device.state, device.runtime):
            folder.mkdir(parents=True)
        device.config.write_text(CONFIG.format(signers=self.folder / "allowed_signers"))
        key = keygen(device.folder / "key")
        self._alias(name, key, ssh)
        return device, key

    def _authorise(self, device: Device, line: str) -> None:
        """Authorise by a line; the device is told apart from the others by its environment."""
        options = [f'environment="{name}={value}"' for name, value in device.environment.items()]
        assert line.startswith("restrict,command="), line
        with self.authorized.open("a") as file:
            file.write(",".join(("restrict", *options, line.removeprefix("restrict,"))) + "\n")

    def _alias(self, name: str, key: Path, further: str) -> None:
        with self.ssh_config.open("a") as file:
            file.write(
                f"Host {name}\n  HostName 127.0.0.1\n  Port {self.port}\n  IdentityFile {key}\n"
                f"  IdentitiesOnly yes\n  IdentityAgent none\n  StrictHostKeyChecking yes\n"
                f"  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile none\n{further}"
            )

    def _make_ssh(self) -> None:
        self.programs.mkdir()
        wrapper = self.programs / "ssh"
        real, config = shlex.quote(program("ssh")), shlex.quote(str(self.ssh_config))
        wrapper.write_text(f'#!/bin/sh\nexec {real} -F {config} "$@"\n')
        wrapper.chmod(0o755)

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)
