"""What a virtual Pi must live through, one step after the other."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.pi.care import Care
from tests.pi.guest import OTHER_PARTS, Guest, StepError, pins_of, wait_until
from tests.pi.machine import Machine
from tests.pi.pushes import make_model, pushing
from tests.pi.sounds import EMOTION
from tests.support import REPOSITORY

_CONFIG: Final = REPOSITORY / "edge/config/default.toml"
Step = tuple[str, Callable[[], str | None]]


class Story:
    """The steps; each raises `StepError` where it goes wrong, and may return a remark."""

    def __init__(self, machine: Machine, folder: Path, *, install: Callable[[], str]) -> None:
        self._machine = machine
        self._install = install
        self._guest = Guest(machine)
        self._folder = folder
        self._pins = pins_of(_CONFIG)
        self._care = Care(self._guest, self._pins)

    def steps(self) -> list[Step]:
        """Return all steps in order. What follows "!" is needed by the others."""
        pin = self._pins[EMOTION]
        return [
            ("! firmware_config/install.sh fills a fresh card, offline", self._install),
            ("! boots to ssh", self._boot),
            ("  starts with a wrong clock, as without network", self._wrong_clock),
            ("! the service has started by itself, and listens", self._starts),
            ("  what tells others and the page run beside it", self._care.beside),
            (f"  speech that is {EMOTION} lights GPIO {pin}", self._speech),
            ("  an alarm blinks until somebody comes", self._care.alarm),
            ("  mute closes the microphone while somebody speaks", self._care.mute),
            (f"  quiet turns GPIO {pin} off", self._quiet),
            ("  the microphone is pulled, and comes back", self._unplug),
            ("  a new model is pushed: changed", self._push),
            ("  the same model again: unchanged", self._push_again),
            ("  kill -9: it starts again and listens", self._kill),
            ("  the power fails while a model is sent", self._cut_while_sending),
            ("  the power fails in the switch", self._cut_in_the_switch),
            ("  the power fails right after the switch", self._cut_after_the_switch),
            (f"  speech that is {EMOTION} still lights GPIO {pin}", self._speech),
            ("  ser-edge log tells what was", self._log_is_told),
        ]

    def close(self) -> None:
        """Switch the machine off."""
        self._machine.cut_power()

    def _boot(self) -> None:
        self._machine.power_on()
        self._machine.wait_for_ssh()

    def _wrong_clock(self) -> str:
        days = abs(float(self._guest.do("date +%s")) - time.time()) / 86400
        if days < 1:
            raise StepError("the clock is right, so that nothing is shown")
        return f"{days:.0f} days off"

    def _starts(self) -> str:
        self._allow_our_key()
        self._guest.wait_until_listening()
        shown = self._machine.lit(self._pins.values())
        if shown != {self._pins["status"], self._pins["listening"]}:
            raise StepError(
                f"lit are GPIO {sorted(shown)}, expected those for health and listening"
            )
        return self._guest.do("systemctl show -P StatusText ser-edge").strip()

    def _allow_our_key(self) -> None:
        public = (self._machine.folder / "key.pub").read_text(encoding="utf-8").strip()
        kind, key, *_ = public.split()
        signer = f'us namespaces="ser-edge-model" {kind} {key}'
        self._guest.do(
            f"echo '{public}' >/run/key.pub && "
            "ser-edge model authorize /run/key.pub >/etc/ser-edge/authorized_keys && "
            f"echo '{signer}' >/etc/ser-edge/allowed_signers"
        )

    def _speech(self) -> str:
        self._guest.play(EMOTION)
        began_s = time.monotonic()
        self._wait_for_lit({self._pins[EMOTION]})
        took_s = time.monotonic() - began_s
        buzzer = self._machine.lit([self._pins["buzzer"]], for_s=20)
        return f"after {took_s:.0f} s" + ("; the alarm's buzzer sounds, too" if buzzer else "")

    def _quiet(self) -> None:
        self._guest.play("room")
        self._wait_for_lit(set())

    def _wait_for_lit(self, wanted: set[int]) -> None:
        """Wait until these LEDs of the emotions are lit, and no others, as seen from outside."""
        seen: list[set[int]] = []

        def look() -> bool | None:
            seen.append(self._machine.lit(self._emotion_pins))
            return True if seen[-1] == wanted else None

        try:
            wait_until(look, f"only GPIO {sorted(wanted)} lit", limit_s=90)
        except StepError as error:
            raise StepError(f"{error}; lit are {seen[-5:]}") from None

    @property
    def _emotion_pins(self) -> list[int]:
        return [pin for name, pin in self._pins.items() if name not in OTHER_PARTS]

    def _unplug(self) -> str:
        guest = self._guest
        pid = guest.wait_until_listening()["pid"]
        guest.do("systemd-run --quiet /srv/guest/unplug.sh unbind")
        deaf = guest.wait_for("the service is deaf", lambda status: status["health"] != "listening")
        guest.do("systemd-run --quiet /srv/guest/unplug.sh bind")
        status = guest.wait_until_listening()
        same = "the same process" if status["pid"] == pid else "systemd started it afresh"
        return f"{deaf['fault']}; {same}"

    def _push(self) -> str:
        return self._push_to_the_end("2", outcome="changed")

    def _push_again(self) -> str:
        return self._push_to_the_end("2", outcome="unchanged")

    def _push_to_the_end(self, version: str, *, outcome: str) -> str:
        model, sha256 = self._model(version)
        with pushing(self._machine, model) as push:
            code = push.wait()
        text = (self._machine.folder / "push.json").read_text(encoding="utf-8")
        if not text or (report := json.loads(text)["hosts"][0])["outcome"] != outcome or code:
            raise StepError(f"exit {code}: {text.strip() or push.lines[-3:]}")
        runs = self._guest.wait_until_listening()["model"]
        if runs["sha256"] != sha256:
            raise StepError(f"the service runs {runs}")
        return str(report["why"])

    def _model(self, version: str) -> tuple[Path, str]:
        path = self._folder / f"model-{version}.tflite"
        note = path.with_suffix(".sha256")
        if not path.exists():
            note.write_text(make_model(path, version=version), encoding="utf-8")
        return path, note.read_text(encoding="utf-8")

    def _kill(self) -> None:
        pid = self._guest.wait_until_listening()["pid"]
        self._guest.do(f"kill -9 {pid}")
        self._guest.wait_until_listening(not_pid=pid)

    def _cut_while_sending(self) -> str:
        return self._cut("3", at="sending", then_s=1.5)

    def _cut_in_the_switch(self) -> str:
        # It takes some tenths of a second here; the moment in it is another one in each run.
        return self._cut("3", at="tested", then_s=random.uniform(0.0, 0.5))

    def _cut_after_the_switch(self) -> str:
        return self._cut("4", at="switched", then_s=0.0)

    def _cut(self, version: str, *, at: str, then_s: float) -> str:
        """Cut the power during a push, and look at what the Pi is after it.

        Afterwards the old model or the new one must run and nothing else; the old one for sure, if
        the new one had not yet come; and no row of the log may be lost that could be read before.
        """
        allowed = {self._runs()}
        model, sha256 = self._model(version)
        before = self._guest.rows()
        with pushing(self._machine, model) as push:
            if not push.until(at):
                raise StepError(f"the push ended before: {push.lines[-3:]}")
            time.sleep(then_s)
            self._machine.cut_power()
            push.end()
        if at == "sending" and any("received" in line for line in push.rest()):
            raise StepError("the model had come before the power was cut; nothing is shown")
        if at != "sending":
            allowed.add(sha256)
        self._boot()
        self._guest.wait_until_listening()
        status = self._guest.wait_for("the trial ends", lambda status: not status["on_trial"])
        if status["model"]["sha256"] not in allowed:
            raise StepError(f"the service runs {status['model']}")
        if lost := before - self._guest.rows():
            raise StepError(f"{len(lost)} of {len(before)} rows of the log are lost: {min(lost)}")
        which = "the new one" if status["model"]["sha256"] == sha256 else "the old one"
        said = "".join(f" ({trouble})" for trouble in status["trouble"])
        moment = f"{1e3 * then_s:.0f} ms after {at!r}"
        return f"{moment}: {which} runs{said}; all {len(before)} rows of the log are there"

    def _runs(self) -> str:
        return str(self._guest.wait_until_listening()["model"]["sha256"])

    def _log_is_told(self) -> str:
        """Read the log as its owner does: the clock began anew with every boot."""
        said = self._guest.do("runuser -u ser-edge -- ser-edge log --json").splitlines()
        states = [json.loads(line)["state"] for line in said]
        if EMOTION not in states:
            raise StepError(f"the log knows nothing of {EMOTION}: {states}")
        sessions = {json.loads(line)["session"] for line in said}
        return f"{len(states)} states in {len(sessions)} sessions"
