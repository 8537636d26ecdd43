"""Which device a name means: by stable names, whatever the order of plugging."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.devices import alsa as alsa_module
from edge.devices.alsa import AlsaTree
from edge.devices.inventory import DeviceInfo, choose, list_devices
from edge.errors import AudioDeviceError
from tests.fakes.sources import FakePortAudio, port_device

NAMES = (
    "bcm2835 HDMI 1: - (hw:0,0)",
    "USB PnP Sound Device: Audio (hw:1,0)",
    "seeed-2mic-voicecard: - (hw:2,0)",
    "sysdefault",
    "default",
)


@pytest.fixture
def tree(tmp_path: Path) -> AlsaTree:
    """Return a kernel with three cards; the second one is on USB."""
    for number, card_id in enumerate(("vc4hdmi", "Device", "seeed2micvoicec")):
        folder = tmp_path / "proc" / "asound" / f"card{number}"
        folder.mkdir(parents=True)
        (folder / "id").write_text(f"{card_id}\n")
    (tmp_path / "proc" / "asound" / "card1" / "usbid").write_text("0d8c:0014\n")
    (tmp_path / "snd").mkdir()
    return AlsaTree(proc=tmp_path / "proc", dev_snd=tmp_path / "snd")


def _devices(tree: AlsaTree, names: tuple[str, ...] = NAMES) -> list[DeviceInfo]:
    portaudio = FakePortAudio(
        [port_device(name, index=i, default=name == "default") for i, name in enumerate(names)]
    )
    devices = list_devices(alsa=tree, engine=lambda: portaudio)
    assert portaudio.n_closed == 1
    return devices


def test_a_usb_card_gets_its_stable_name(tree: AlsaTree) -> None:
    usb = _devices(tree)[1]
    assert (usb.alsa_id, usb.is_usb) == ("plughw:CARD=Device,DEV=0", True)
    assert usb.config_value == "plughw:CARD=Device,DEV=0"


def test_a_device_of_asound_conf_is_called_by_its_name(tree: AlsaTree) -> None:
    default = _devices(tree)[-1]
    assert (default.alsa_id, default.is_default, default.config_value) == (None, True, "default")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("", NAMES[1]),
        ("  ", NAMES[1]),
        ("usb", NAMES[1]),
        ("PnP Sound", NAMES[1]),
        ("Device", NAMES[1]),
        ("plughw:CARD=Device,DEV=0", NAMES[1]),
        ("hw:CARD=Device,DEV=0", NAMES[1]),
        ("hw:CARD=Device", NAMES[1]),
        ("plughw:Device", NAMES[1]),
        ("plughw:card=seeed2micvoicec,dev=0", NAMES[2]),
        ("SEEED2MICVOICEC", NAMES[2]),
        ("default", "default"),  # a whole name goes before a part of "sysdefault"
    ],
)
def test_a_name_means_one_device(tree: AlsaTree, wanted: str, name: str) -> None:
    assert choose(_devices(tree), wanted, alsa=tree).name == name


def test_without_usb_the_default_is_taken(tree: AlsaTree) -> None:
    devices = _devices(tree, (NAMES[2], "sysdefault", "default"))
    assert choose(devices, "", alsa=tree).name == "default"


def test_without_usb_and_default_a_real_card_is_taken(tree: AlsaTree) -> None:
    assert choose(_devices(tree, ("sysdefault", NAMES[2])), "", alsa=tree).name == NAMES[2]


@given(order=st.permutations(NAMES), wanted=st.sampled_from(["", "device", "seeed", "default"]))
def test_the_order_of_the_list_does_not_matter(order: list[str], wanted: str) -> None:
    nowhere = AlsaTree(proc=Path("/nonexistent"), dev_snd=Path("/nonexistent"))
    ordered, shuffled = _devices(nowhere), _devices(nowhere, tuple(order))
    assert choose(shuffled, wanted, alsa=nowhere).name == choose(ordered, wanted, alsa=nowhere).name


@pytest.mark.parametrize("wanted", ["RODE", "hw:CARD=Gone,DEV=0", "plughw:CARD=Device,DEV=7", "7"])
def test_a_wrong_name_is_answered_with_what_there_is(tree: AlsaTree, wanted: str) -> None:
    with pytest.raises(AudioDeviceError) as caught:
        choose(_devices(tree), wanted, alsa=tree)
    assert repr(wanted) in str(caught.value)
    assert "'plughw:CARD=Device,DEV=0'" in str(caught.value)
    assert caught.value.exit_code == 69


def test_a_forbidden_device_file_is_the_reason_for_an_empty_list(
    tree: AlsaTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree.dev_snd / "pcmC1D0c").touch()
    # Root may do everything, so the kernel's answer is played here.
    monkeypatch.setattr(alsa_module.os, "access", lambda *_: False)
    with pytest.raises(AudioDeviceError, match=r"no permission to use .*pcmC1D0c.*-aG audio"):
        choose([], "", alsa=tree)


def test_processes_that_hide_their_files_are_passed_over(tree: AlsaTree) -> None:
    node = tree.dev_snd / "pcmC1D0c"
    node.touch()
    (tree.proc / "1").mkdir()
    (tree.proc / "99" / "fd").mkdir(parents=True)
    (tree.proc / "99" / "fd" / "3").symlink_to(node)
    assert list(map(str, tree.holders())) == [f"a process (process 99) holds {node}"]


def test_our_own_hold_is_called_so(tree: AlsaTree) -> None:
    node = tree.dev_snd / "pcmC1D0c"
    node.touch()
    (tree.proc / str(os.getpid()) / "fd").mkdir(parents=True)
    (tree.proc / str(os.getpid()) / "fd" / "3").symlink_to(node)
    assert list(map(str, tree.holders())) == [
        f"this program itself (process {os.getpid()}) holds {node}"
    ]
