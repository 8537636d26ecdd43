"""The card of the virtual Pi: Debian's root, the kernel's modules, keys, and what is installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.pi.kernel import Kernel
from tests.pi.tools import run
from tests.support import REPOSITORY

PACKAGES: Final = (
    *("systemd", "systemd-sysv", "udev", "dbus", "kmod", "iproute2", "openssh-server", "sudo"),
    *("ca-certificates", "procps", "python3", "python3-venv", "alsa-utils", "libportaudio2"),
    # PyAudio has no wheel for Linux; it is compiled in this root, once.
    *("python3-dev", "gcc", "libc6-dev", "portaudio19-dev"),
)
PARTS: Final = (
    *("setup.py", "pyproject.toml", "README.md", "LICENSE", "NOTICE", "edge", "trainer"),
)
"""What the program is built from."""
_SIZE: Final = "2G"
"""QEMU wants a power of two."""

# What takes long under emulation and has nothing to do with what is tested.
_IDLE: Final = ("systemd-binfmt.service", "e2scrub_reap.service", "apt-daily.timer")
_DROP_INS: Final = {"microphone.conf": "etc/systemd/system/ser-edge.service.d/microphone.conf"}
_INSTALL: Final = (
    "cd /srv/ser-edge && firmware_config/install.sh --wheels /srv/wheels --firmware --no-start"
)
EMULATION: Final = {"QEMU_CPU": "cortex-a53"}
"""The processor of a Pi 3, for what runs without the machine; else QEMU has all that ARM has."""

_TEXTS: Final = {
    "etc/hostname": "pi\n",
    "etc/hosts": "127.0.0.1 localhost pi\n",
    "etc/fstab": "",
    "etc/systemd/network/wired.network": "[Match]\nName=e* usb*\n[Network]\nDHCP=ipv4\n",
    "etc/modules-load.d/pi.conf": "snd-aloop\n",
    "etc/modprobe.d/pi.conf": "options snd-aloop pcm_substreams=1\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/systemd/system/room.service": (REPOSITORY / "tests/pi/guest/room.service").read_text(),
}


def make(path: Path, *, root: Path, kernel: Kernel, keys: Path, shared: Path) -> str:
    """Write the image of a card that boots, and return what the installer said last.

    Parameters
    ----------
    root : Path
        Debian's root file system; nothing is written into it.
    keys : Path
        Folder for the keys of SSH; made where they are not there.
    shared : Path
        Folder that the machine finds as ``/srv``.
    """
    make_keys(keys)
    with layer(root, path.with_suffix(".layer")) as merged:
        shutil.copytree(kernel.modules, merged / "usr/lib/modules")
        shutil.copytree(shared, merged / "srv", dirs_exist_ok=True)
        for name, text in _TEXTS.items():
            (merged / name).write_text(text, encoding="utf-8")
        _let_us_in(merged, keys)
        run("systemctl", "--root", merged, "enable", "systemd-networkd", "ssh", "room")
        run("systemctl", "--root", merged, "mask", *_IDLE)
        said = _install(merged)
        path.unlink(missing_ok=True)
        run("mke2fs", "-q", "-t", "ext4", "-L", "pi", "-d", merged, path, _SIZE)
    return said


@contextmanager
def layer(root: Path, folder: Path) -> Iterator[Path]:
    """Show the root with a layer above it that takes all that is written, and goes away again."""
    for name in ("upper", "work", "merged"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    merged = folder / "merged"
    options = f"lowerdir={root},upperdir={folder}/upper,workdir={folder}/work"
    run("mount", "-t", "overlay", "overlay", "-o", options, merged)
    try:
        yield merged
    finally:
        run("umount", merged)
        shutil.rmtree(folder)


def make_keys(folder: Path) -> None:
    """Make the machine's key, ours, and the file that says which machine has which key."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("host_key", "key"):
        if not (folder / name).exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name)
    host_key = (folder / "host_key.pub").read_text(encoding="utf-8")
    (folder / "known_hosts").write_text(f"pi {host_key}", encoding="utf-8")


def _install(merged: Path) -> str:
    """Run the project's own installer in the card's root, as if the card were in a Pi."""
    for name, target in _DROP_INS.items():
        (merged / target).parent.mkdir(parents=True)
        shutil.copy(merged / "srv/guest" / name, merged / target)
    inside = 'mount -t proc proc $0/proc && mount --rbind /dev $0/dev && exec chroot $0 sh -c "$1"'
    words = ("unshare", "--mount", "--pid", "--fork", "sh", "-c", inside, merged, _INSTALL)
    said = run(*words, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **EMULATION})
    return said.strip().splitlines()[-1]


def _let_us_in(merged: Path, keys: Path) -> None:
    for old in (merged / "etc/ssh").glob("ssh_host_*"):
        old.unlink()
    for suffix in ("", ".pub"):
        target = merged / f"etc/ssh/ssh_host_ed25519_key{suffix}"
        shutil.copy(keys / f"host_key{suffix}", target)
        target.chmod(0o600)
    (merged / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(keys / "key.pub", merged / "root/.ssh/authorized_keys")


def put_project(shared: Path) -> None:
    """Copy what a person has on a Pi to install from: a clone, as it stands here; and the room."""
    copy_of_the_tree(shared / "ser-edge", "firmware_config", "systemd", *PARTS)
    shutil.copytree(REPOSITORY / "tests/pi/guest", shared / "guest")


def copy_of_the_tree(target: Path, *names: str) -> None:
    """Copy these files and folders of the repository, without what git ignores."""
    listed = run(
        *("git", "-C", REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        *names,
    )
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, target / name)
