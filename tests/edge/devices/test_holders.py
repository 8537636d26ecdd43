"""Who holds a device: with the real /proc and a real process, and with trees like a kernel's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.devices.alsa import AlsaTree
from edge.devices.holders import holder, holders_of

STREAM0 = """\
C-Media USB Audio at usb-0000:01:00.0-1.2, full speed : USB Audio

Playback:
  Status: Stop
  Interface 1
    Altset 1
    Format: S16_LE
    Channels: 2
    Endpoint: 0x01 (1 OUT) (ADAPTIVE)
    Rates: 32000

Capture:
  Status: Stop
  Interface 2
    Altset 1
    Format: S16_LE
    Channels: 1
    Endpoint: 0x82 (2 IN) (ASYNC)
    Rates: 48000, 44100
    Bits: 16
  Interface 2
    Altset 2
    Format: S24_3LE
    Channels: 1
    Endpoint: 0x82 (2 IN) (ASYNC)
    Rates: 8000 - 48000 (continuous)
"""


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """Return a file that a real process, called recorder.py, holds open."""
    node = tmp_path / "pcmC1D0c"
    node.touch()
    script = tmp_path / "recorder.py"
    script.write_text(f"import sys\nf = open({str(node)!r})\nprint('open', flush=True)\ninput()\n")
    process = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"open\n"
    yield node, process
    process.communicate(b"\n")


def test_a_real_process_is_found_by_its_script(
    recorder: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    node, process = recorder
    (found,) = holders_of([node, node.with_name("another")])
    assert (found.name, found.process, found.node) == ("recorder.py", process.pid, node)
    assert str(found) == f"recorder.py (process {process.pid}) holds {node}"


def test_we_find_ourselves_among_the_holders(tmp_path: Path) -> None:
    node = tmp_path / "pcmC1D0c"
    node.touch()
    with node.open():
        assert [(found.process, found.name) for found in holders_of([node])] == [
            (os.getpid(), "this program itself")
        ]
    assert holders_of([node]) == []


def test_the_tree_of_alsa_finds_it_too(recorder: tuple[Path, subprocess.Popen[bytes]]) -> None:
    node, process = recorder
    (found,) = AlsaTree(dev_snd=node.parent).holders()
    assert found.process == process.pid


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/mopidy.service\n", "mopidy.service"),
        ("1:name=systemd:/\n0::/system.slice/mopidy.service/child\n", "mopidy.service"),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/pipewire.service\n", ""),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_unit_of_a_process(tmp_path: Path, cgroup: str, unit: str) -> None:
    write(tmp_path, {"812/comm": "mopidy\n", "812/cgroup": cgroup})
    assert holder(812, Path("/dev/x"), proc=tmp_path).unit == unit


def test_the_kernel_names_the_owner_to_every_user(tmp_path: Path) -> None:
    """Without root, other users' open files are hidden; what ALSA itself tells is not."""
    node = tmp_path / "snd" / "pcmC1D0c"
    write(
        tmp_path,
        {
            "snd/pcmC1D0c": "",
            "snd/pcmC2D0c": "",
            "proc/asound/card1/pcm0c/sub0/status": "state: RUNNING\nowner_pid   : 815\n",
            "proc/asound/card2/pcm0c/sub0/status": "closed\n",
            "proc/815/status": "Name:\tdata-loop\nTgid:\t812\nPid:\t815\n",
            "proc/815/comm": "pipewire\n",
        },
    )
    tree = AlsaTree(proc=tmp_path / "proc", dev_snd=tmp_path / "snd")
    assert list(map(str, tree.holders())) == [f"pipewire (process 812) holds {node}"]


def test_both_ways_of_knowing_are_one_holder(tmp_path: Path) -> None:
    node = tmp_path / "snd" / "pcmC1D0c"
    write(
        tmp_path,
        {
            "snd/pcmC1D0c": "",
            "proc/asound/card1/pcm0c/sub0/status": "owner_pid   : 812\n",
            "proc/812/comm": "arecord\n",
            "proc/812/fd/.keep": "",
        },
    )
    (tmp_path / "proc/812/fd/3").symlink_to(node)
    assert len(AlsaTree(proc=tmp_path / "proc", dev_snd=tmp_path / "snd").holders()) == 1


def test_what_a_card_offers_for_recording(tmp_path: Path) -> None:
    write(tmp_path, {"asound/card1/stream0": STREAM0})
    assert AlsaTree(proc=tmp_path).offers(1) == [
        "S16_LE at 48000, 44100 Hz",
        "S24_3LE at 8000 - 48000 Hz",
    ]
    assert AlsaTree(proc=tmp_path).offers(2) == []
