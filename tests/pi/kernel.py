"""Debian's own kernel for the virtual Pi: fetched and unpacked here, never installed.

Installing the package inside the root would run update-initramfs under emulation, for minutes. A
busybox and the few modules that find the card are all that has to come before systemd.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.pi.tools import cache, run, say

REVISION: Final = "a02082"
"""Raspberry Pi 3 Model B 1.2, as gpiozero reads it; QEMU and Debian leave it out."""
_TREE: Final = "usr/lib/linux-image-{}/broadcom/bcm2837-rpi-3-b.dtb"

# What finds the card and the network, before and after systemd starts. Not bcm2835_wdt: QEMU resets
# the machine as soon as its watchdog is started, where a Pi begins to count.
_EARLY: Final = ("crc32c_generic", "bcm2835", "ext4")
_MODULES: Final = (
    *_EARLY,
    *("phy-generic", "dwc2", "usbnet", "cdc_ether"),
    *("snd-aloop", "bcm2835-rng", "autofs4"),
)

_INIT: Final = """#!/bin/busybox sh
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs dev /dev
for module in $(busybox cat /order); do busybox insmod /modules/$module; done
until [ -b /dev/mmcblk0 ]; do busybox sleep 0.2; done
busybox mount -t ext4 -o rw,noatime /dev/mmcblk0 /card
busybox umount /proc; busybox umount /sys
busybox mount --move /dev /card/dev
exec busybox switch_root /card /lib/systemd/systemd
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kernel:
    """Files of a kernel, ready for QEMU."""

    image: Path
    initrd: Path
    tree: Path
    modules: Path
    """``/lib/modules`` of the card."""


def prepare(root: Path) -> Kernel:
    """Return the newest kernel of the root's Debian; from the cache where one is there."""
    for folder in sorted(cache("pi").glob("kernel-*"), reverse=True):
        return _kernel(folder)
    say("fetching Debian's kernel for arm64 (60 MB)")
    packages = _fetch(root)
    unpacked = cache("pi") / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    for package in packages:
        run("dpkg-deb", "-x", package, unpacked)
    version = next(unpacked.glob("lib/modules/*")).name
    partial = cache("pi", "partial")
    _make(unpacked, version, partial)
    shutil.rmtree(unpacked)
    shutil.rmtree(packages[0].parent)
    return _kernel(partial.rename(cache("pi") / f"kernel-{version}"))


def _kernel(folder: Path) -> Kernel:
    return Kernel(
        image=folder / "vmlinuz",
        initrd=folder / "initrd.gz",
        tree=folder / "rpi3.dtb",
        modules=folder / "modules",
    )


def _fetch(root: Path) -> list[Path]:
    """Download with this machine's apt, from the root's sources, for the root's architecture."""
    folder = cache("pi", "packages")
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    options = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Dir::State": folder,
        "Dir::State::status": "/dev/null",
        "Dir::Cache": folder,
        "Dir::Etc::sourcelist": root / "etc/apt/sources.list",
        "Dir::Etc::sourceparts": root / "etc/apt/sources.list.d",
    }
    apt = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    run("apt-get", *apt, "update", "-q")
    depends = run("apt-cache", *apt, "depends", "linux-image-arm64")
    newest = next(line.split()[-1] for line in depends.splitlines() if "Depends:" in line)
    run("apt-get", *apt, "download", newest, "busybox-static", cwd=folder)
    return [next(folder.glob(f"{name}_*.deb")) for name in (newest, "busybox-static")]


def _make(unpacked: Path, version: str, target: Path) -> None:
    shutil.copy(unpacked / f"boot/vmlinuz-{version}", target / "vmlinuz")
    shutil.copy(unpacked / _TREE.format(version), target / "rpi3.dtb")
    run("fdtput", "-c", target / "rpi3.dtb", "/system")
    run("fdtput", "-t", "x", target / "rpi3.dtb", "/system", "linux,revision", REVISION)
    run("depmod", "-b", unpacked, version)
    source = unpacked / "lib/modules" / version
    _copy_modules(source, target / "modules" / version)
    run("depmod", "-b", _as_root(target), version)
    _make_initrd(unpacked / "bin/busybox", source, target)


def _as_root(target: Path) -> Path:
    """Return a folder whose lib/modules is the target's modules: depmod wants it so."""
    folder = target / "root"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib/modules").symlink_to("../../modules")
    return folder


def _copy_modules(source: Path, target: Path) -> None:
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target / name)
    for module in needed(source, _MODULES):
        (target / module).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / module, target / module)


def needed(source: Path, names: tuple[str, ...]) -> list[str]:
    """Return the files of these modules and of all that they need, the needed first."""
    files = {}
    for line in (source / "modules.dep").read_text(encoding="utf-8").splitlines():
        file, _, needs = line.partition(":")
        files[Path(file).stem] = [*reversed(needs.split()), file]
    return list(dict.fromkeys(file for name in names if name in files for file in files[name]))


def _make_initrd(busybox: Path, source: Path, target: Path) -> None:
    tree = target / "initrd"
    for name in ("bin", "dev", "proc", "sys", "card", "modules"):
        (tree / name).mkdir(parents=True)
    shutil.copy(busybox, tree / "bin/busybox")
    modules = needed(source, _EARLY)
    for module in modules:
        shutil.copy(source / module, tree / "modules" / Path(module).name)
    (tree / "order").write_text("\n".join(Path(m).name for m in modules), encoding="utf-8")
    (tree / "init").write_text(_INIT, encoding="utf-8")
    (tree / "init").chmod(0o755)
    names = "\n".join(str(path.relative_to(tree)) for path in [tree, *tree.rglob("*")])
    packed = subprocess.run(
        ["cpio", "--quiet", "-o", "-H", "newc"],
        cwd=tree,
        input=names.encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    (target / "initrd.gz").write_bytes(gzip.compress(packed))
