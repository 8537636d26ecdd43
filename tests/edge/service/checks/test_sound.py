from __future__ import annotations

from pathlib import Path

import pytest

from edge.devices.alsa import AlsaTree
from edge.devices.hearing import Hearing
from edge.devices.holders import Holder
from edge.devices.inventory import DeviceInfo
from edge.errors import AudioDeviceError
from edge.service.checks import sound
from edge.service.checks.people import Person
from edge.service.checks.sound import (
    busy,
    judge_level,
    judge_rate,
    level_of_service,
    microphone,
    permission,
    sound_format,
)

NODE = Path("/dev/snd/pcmC1D0c")


def a_holder(name: str, *, unit: str = "", node: Path = NODE) -> Holder:
    return Holder(process=812, name=name, unit=unit, node=node)


@pytest.fixture
def tree(tmp_path: Path) -> AlsaTree:
    """Return the kernel's trees with a USB microphone as card 1."""
    (tmp_path / "snd").mkdir()
    (tmp_path / "snd" / "pcmC1D0c").touch()
    card = tmp_path / "proc" / "asound" / "card1"
    card.mkdir(parents=True)
    (card / "id").write_text("Device\n")
    (card / "usbid").write_text("0d8c:013c\n")
    (card / "stream0").write_text("X\n\nCapture:\n  Format: S16_LE\n  Rates: 44100\n")
    return AlsaTree(proc=tmp_path / "proc", dev_snd=tmp_path / "snd")


def hold(tree: AlsaTree, name: str, *, process: int = 812) -> None:
    """Let a process of the tree hold card 1."""
    folder = tree.proc / str(process)
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text(f"{name}\n")
    (folder / "fd" / "3").symlink_to(tree.dev_snd / "pcmC1D0c")


def a_device(alsa_id: str | None = "plughw:CARD=Device,DEV=0") -> DeviceInfo:
    return DeviceInfo(
        name="USB PnP Sound Device: Audio (hw:1,0)",
        alsa_id=alsa_id,
        n_channels=1,
        default_rate_hz=48000,
        is_default=False,
        is_usb=True,
        index=3,
    )


def offer(monkeypatch: pytest.MonkeyPatch, *devices: DeviceInfo) -> None:
    monkeypatch.setattr(sound, "list_devices", lambda **_: list(devices))


def test_a_machine_without_a_sound_card_has_no_permission_to_lack(tmp_path: Path) -> None:
    finding = permission([], AlsaTree(dev_snd=tmp_path))
    assert (finding.verdict, finding.found[:14]) == ("ok", "not applicable")


def test_who_may_record_is_named(tree: AlsaTree) -> None:
    maria = Person(name="maria", uid=0, groups=frozenset())
    found = permission([maria], tree).found
    assert found == f"maria may use {tree.dev_snd}/pcmC1D0c"


def test_a_microphone_that_is_free(tree: AlsaTree, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, a_device())
    finding = microphone("device", tree)
    assert finding.verdict == "ok"
    assert finding.found.startswith("1 microphone there; 'device' means USB PnP")


def test_a_microphone_that_another_program_holds(
    tree: AlsaTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, a_device())
    hold(tree, "arecord")
    finding = microphone("", tree)
    assert finding.verdict == "problem"
    assert finding.found == f"in use: arecord (process 812) holds {tree.dev_snd}/pcmC1D0c"
    assert finding.remedy == "`sudo kill 812`"


def test_who_holds_another_card_is_not_in_the_way(
    tree: AlsaTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, a_device("plughw:CARD=Seeed,DEV=0"))
    hold(tree, "arecord")
    assert microphone("", tree).verdict == "ok"


def test_a_held_microphone_that_no_list_shows_any_more(
    tree: AlsaTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch)
    hold(tree, "pulseaudio")
    finding = microphone("", tree)
    assert finding.found.startswith("in use: PulseAudio (process 812) holds")
    assert "systemctl --user mask --now pulseaudio.socket" in finding.remedy


def test_no_microphone_at_all(tree: AlsaTree, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch)
    (tree.dev_snd / "pcmC1D0c").unlink()
    finding = microphone("", tree)
    assert (finding.verdict, finding.found) == ("problem", "no microphone found")
    assert finding.remedy.startswith("plug in a USB microphone")


@pytest.mark.parametrize(
    ("holder", "who", "remedy"),
    [
        (a_holder("pipewire"), "PipeWire (process 812)", "`systemctl --user mask --now pipewire"),
        (a_holder("wireplumber"), "PipeWire", "`systemctl --user mask --now pipewire"),
        (a_holder("mopidy", unit="mopidy.service"), "mopidy", "`sudo systemctl stop mopidy"),
        (a_holder("arecord"), "arecord (process 812)", "`sudo kill 812`"),
    ],
)  # fmt: skip
def test_each_holder_is_sent_away_in_its_own_way(holder: Holder, who: str, remedy: str) -> None:
    finding = busy([holder])
    assert who in finding.found
    assert finding.remedy.startswith(remedy)


def test_a_format_that_nobody_understands(tree: AlsaTree, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AudioDeviceError("it refuses every format (Invalid sample rate); choose another")

    monkeypatch.setattr(sound, "PyAudioMicrophone", refuse)
    finding = sound_format("", tree)
    assert finding.verdict == "problem"
    assert finding.found.endswith("(the card itself offers S16_LE at 44100 Hz)")
    assert finding.remedy == "choose another"


@pytest.mark.parametrize(
    ("rate_hz", "verdict", "found"),
    [
        (16000, "ok", "16000 Hz"),
        (48000, "ok", "48000 Hz, brought to 16000 Hz here"),
        (8000, "warning", "Mic records no faster than 8000 Hz: half of a voice is missing"),
    ],
)
def test_rates(rate_hz: int, verdict: str, found: str) -> None:
    finding = judge_rate("Mic", rate_hz)
    assert (finding.verdict, finding.found) == (verdict, found)
    assert bool(finding.remedy) == (verdict != "ok")


@pytest.mark.parametrize(
    ("level_dbfs", "clipped_share", "n_lost", "verdict", "remedy"),
    [
        (-40.0, 0.0, 0, "ok", ""),
        (-120.0, 0.0, 0, "problem", "switch it on"),
        (-75.0, 0.0, 0, "problem", "turn it up"),
        (-6.0, 0.02, 0, "warning", "turn it down"),
        (-40.0, 0.0, 320, "warning", "busy"),
    ],
)
def test_levels(
    level_dbfs: float, clipped_share: float, n_lost: int, verdict: str, remedy: str
) -> None:
    heard = Hearing(
        name="Mic, 16000 Hz", level_dbfs=level_dbfs, clipped_share=clipped_share, n_lost=n_lost
    )
    finding = judge_level(heard)
    assert finding.verdict == verdict
    assert remedy in finding.remedy
    assert "Mic, 16000 Hz" in finding.found


@pytest.mark.parametrize(
    ("told", "verdict", "found"),
    [
        ([-40.0, -40.0, -40.0], "ok", "-40.0 dBFS"),
        ([-120.0, -40.0, -120.0], "ok", "-44.8 dBFS"),  # somebody coughs once: the microphone lives
        ([-120.0, None, -90.0], "problem", "hardly any sound"),
        ([-1.0, -2.0, -1.0], "warning", "-1.3 dBFS"),
        ([None, None, None], "ok", "not applicable"),
    ],
)
def test_the_level_that_the_service_tells(
    told: list[float | None], verdict: str, found: str
) -> None:
    levels, waited = iter(told), []
    finding = level_of_service(lambda: next(levels), duration_s=3, sleep=waited.append)
    assert (finding.name, finding.verdict) == ("level", verdict)
    assert found in finding.found
    assert waited == [1.0, 1.0, 1.0]
