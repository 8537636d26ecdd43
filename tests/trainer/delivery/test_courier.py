"""One host: its answer, its silence, its junk, and connections that break."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tests.trainer.delivery.conftest import QUICK, Devices
from trainer.delivery.conversation import Step
from trainer.delivery.courier import Courier, Way
from trainer.delivery.inventory import Host
from trainer.delivery.offer import Offer

CHANGED_KEY = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Offending ED25519 key in known_hosts:3
  remove with:
  ssh-keygen -f "known_hosts" -R "pi"
Host key verification failed.
"""

Make = Callable[..., Courier]


def test_a_good_push_goes_through_its_steps(
    devices: Devices, courier: Make, offer: Offer, steps: list[Step]
) -> None:
    report = courier(devices.add("pi")).deliver(offer)
    assert (report.outcome, report.why) == ("changed", "room 2 runs")
    assert (report.model, report.previous) == ("room-2-abc", "room-1-def")
    assert (report.n_sent, report.n_attempts) == (len(offer.content), 1)
    assert report.device["version"] == "1.2"
    names = list(dict.fromkeys(step.name for step in steps))
    assert names == [
        *("connecting", "sending", "received", "waiting"),
        *("verified", "tested", "switched", "trial"),
    ]
    shares = [step.share for step in steps if step.share is not None]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert "signed by ann" in "".join(step.text for step in steps)
    assert "3 of 500 ms" in "".join(step.text for step in steps)


def test_the_offer_says_what_the_design_says(devices: Devices, courier: Make, offer: Offer) -> None:
    courier(devices.add("pi")).deliver(offer)
    told = devices.offer_to("pi")
    assert set(told) == {
        *("protocol", "sha256", "n_bytes"),
        *("manifest", "signature", "allow_downgrade"),
    }
    assert (told["protocol"], told["sha256"]) == (1, offer.sha256)
    assert told["manifest"]["name"] == offer.manifest.name


def test_ssh_is_the_users_own_and_checks_host_keys(
    devices: Devices, courier: Make, offer: Offer
) -> None:
    way = Way(ssh_options=("Port=2222", "ServerAliveInterval=5"))
    courier(devices.add("pi"), way).deliver(offer)
    words = devices.called()
    options = words[1 : words.index("--") : 2]
    assert words[0] == "-o"
    assert options[0] == "BatchMode=yes"
    # The user's come before ours: ssh takes the first value of an option.
    assert options.index("ServerAliveInterval=5") < options.index("ServerAliveInterval=15")
    assert not [option for option in options if "HostKey" in option or "KnownHosts" in option]
    assert words[-3:] == ["--", "pi", "ser-edge model receive"]


@pytest.mark.parametrize("verdict", ["unchanged", "refused", "rolled back", "failed"])
def test_the_devices_last_word_is_the_outcome(
    verdict: str, devices: Devices, courier: Make, offer: Offer
) -> None:
    report = courier(devices.add("pi", verdict=verdict)).deliver(offer)
    assert report.outcome == verdict
    assert report.n_attempts == 1


def test_a_device_may_end_before_anything_is_sent(
    devices: Devices, courier: Make, offer: Offer
) -> None:
    report = courier(devices.add("pi", at_once="refused")).deliver(offer)
    assert (report.outcome, report.why, report.n_sent) == ("refused", "because", 0)


def test_a_device_may_end_while_it_is_sent_to(
    devices: Devices, courier: Make, offer: Offer
) -> None:
    report = courier(devices.add("pi", full=True)).deliver(offer)
    assert (report.outcome, report.why) == ("failed", "no space is left")


def test_a_banner_on_standard_error_breaks_nothing(
    devices: Devices, courier: Make, offer: Offer
) -> None:
    banner = "Welcome!\nConnection refused is what strangers get.\n" * 2000
    assert courier(devices.add("pi", stderr=banner)).deliver(offer).outcome == "changed"


@pytest.mark.parametrize("junk", ["Welcome to the kitchen\n", "no end of line ", '{"a": 1}\n'])
def test_a_shell_that_talks_first_is_heard_out(
    junk: str, devices: Devices, courier: Make, offer: Offer, steps: list[Step]
) -> None:
    assert courier(devices.add("pi", junk=junk)).deliver(offer).outcome == "changed"
    if junk.endswith("\n"):
        assert junk.strip() in "".join(s.text for s in steps if s.name == "noise")


def test_a_shell_that_only_talks_is_named(devices: Devices, courier: Make, offer: Offer) -> None:
    report = courier(devices.add("pi", junk="\x1b[31mMenu: 1) help\n", exit=0)).deliver(offer)
    assert (report.outcome, report.n_attempts) == ("failed", 1)
    assert "answers with something else than ser-edge: 'Menu: 1) help'" in report.why


@pytest.mark.parametrize(
    ("behaviour", "outcome", "told", "n_attempts"),
    [
        ({"stderr": CHANGED_KEY, "exit": 255}, "unreachable", 'f "known_hosts" -R "pi"`', 1),
        ({"stderr": "Host key verification failed.\n", "exit": 255}, "unreachable", "ssh pi", 1),
        (
            {"stderr": "u@pi: Permission denied (publickey).\n", "exit": 255},
            "unreachable",
            "accepts none of the keys",
            1,
        ),
        (
            {"stderr": "ssh: connect to host pi port 22: Connection refused\n", "exit": 255},
            "unreachable",
            "nobody answers at pi (Connection refused)",
            2,
        ),
        (
            {"stderr": "ssh: Could not resolve hostname pi: Name or service...\n", "exit": 255},
            "unreachable",
            "no host is called pi",
            2,
        ),
        (
            {"stderr": "sh: 1: ser-edge: not found\n", "exit": 127},
            "failed",
            "has no ser-edge (sh: 1: ser-edge: not found)",
            1,
        ),
        (
            {"stderr": "sudo: a password is required\n", "exit": 1},
            "failed",
            "(sudo: a password is required)",
            1,
        ),
        (
            {"stderr": "only models are received here\n", "exit": 2},
            "failed",
            "exit code 2 and no answer: only models are received here",
            1,
        ),
        ({"exit": 255}, "failed", "the connection to pi broke", 2),
    ],
)
def test_what_ssh_says_becomes_a_sentence(
    behaviour: dict,
    outcome: str,
    told: str,
    n_attempts: int,
    devices: Devices,
    courier: Make,
    offer: Offer,
) -> None:
    report = courier(devices.add("pi", **behaviour)).deliver(offer)
    assert report.outcome == outcome
    assert told in report.why
    assert "\n" not in report.why
    assert report.n_attempts == n_attempts


def test_a_connection_that_breaks_is_taken_up_where_it_ended(
    devices: Devices, courier: Make, offer: Offer, steps: list[Step]
) -> None:
    report = courier(devices.add("pi", cut_after=40_000)).deliver(offer)
    assert (report.outcome, report.n_attempts) == ("changed", 4)
    again = [step.text for step in steps if step.name == "again"]
    assert len(again) == 3
    assert "tries again in 0.01 s" in again[0]
    assert "goes on after" in steps[-8].text


@pytest.mark.parametrize("step", ["received", "verified", "tested", "trial"])
def test_a_device_that_dies_at_a_step_is_asked_again(
    step: str, devices: Devices, courier: Make, offer: Offer
) -> None:
    report = courier(devices.add("pi", dies_after=step)).deliver(offer)
    assert (report.outcome, report.n_attempts) == ("changed", 2)
    assert report.n_sent == len(offer.content)


@pytest.mark.parametrize("step", ["received", "tested", "switched"])
def test_a_push_that_had_switched_has_changed_the_model(
    step: str, devices: Devices, courier: Make, offer: Offer
) -> None:
    report = courier(devices.add("pi", dies_after=step, then="unchanged")).deliver(offer)
    assert report.outcome == "changed"
    assert "connection broke meanwhile" in report.why


def test_who_always_breaks_is_given_up(devices: Devices, courier: Make, offer: Offer) -> None:
    host = devices.add("pi", dies_after="switched", deaths=100)
    report = courier(host).deliver(offer)
    assert (report.outcome, report.n_attempts) == ("failed", 6)
    assert "the device may have switched" in report.why
    assert "ser-trainer push --check pi" in report.why


def test_silence_has_an_end(devices: Devices, courier: Make, offer: Offer) -> None:
    way = Way(back_off_s=0.01, patience_s=0.5)
    report = courier(devices.add("pi", mute="at first"), way).deliver(offer)
    assert (report.outcome, report.n_attempts) == ("unreachable", 1)
    assert "said nothing for 0.5 s" in report.why


def test_who_falls_silent_is_asked_again(
    devices: Devices, courier: Make, offer: Offer, steps: list[Step]
) -> None:
    way = Way(back_off_s=0.01, patience_s=8)
    report = courier(devices.add("pi", mute="once greeted"), way).deliver(offer)
    assert (report.outcome, report.n_attempts) == ("changed", 2)
    assert "pi said nothing for 8 s" in "".join(step.text for step in steps)


def test_no_ssh_is_said(
    devices: Devices, courier: Make, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Exception, match="install OpenSSH's client"):
        courier(devices.add("pi")).deliver(offer)


def test_an_interruption_ends_a_visit_soon(devices: Devices, courier: Make, offer: Offer) -> None:
    stop = threading.Event()
    visitor = courier(devices.add("pi", trial_s=60), QUICK, stop)
    threading.Timer(1.0, stop.set).start()
    begun = time.monotonic()
    report = visitor.deliver(offer)
    assert time.monotonic() - begun < 20
    assert report.outcome == "failed"
    assert "interrupted" in report.why


def test_a_check_sends_nothing(devices: Devices, courier: Make) -> None:
    report = courier(devices.add("pi")).ask()
    assert report.outcome == "answered"
    assert report.why == "model room 1, service running, ser-edge 1.2 with litert 2 on aarch64"
    assert report.n_sent == 0
    assert devices.offer_to("pi") == {"protocol": 1, "ask": "state"}


def test_a_devices_words_cannot_play_with_the_terminal(
    devices: Devices, courier: Make, offer: Offer
) -> None:
    report = courier(devices.add("pi", why="a\x1b[2Jb\rc\n\x07d")).deliver(offer)
    assert report.why == "abc d"


def test_a_host_is_no_option(devices: Devices, courier: Make, offer: Offer) -> None:
    courier(devices.add("pi")).deliver(offer)
    words = Way().command(Host(name="x", destination="-oProxyCommand=touch x"))
    assert words[words.index("-oProxyCommand=touch x") - 1] == "--"
