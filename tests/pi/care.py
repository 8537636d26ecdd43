"""What those who care for somebody have of the virtual Pi: alarms, mute, the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tests.pi.guest import Guest, StepError, wait_until
from tests.pi.machine import Machine

_UNITS: Final = ("ser-edge", "ser-edge-deliver", "ser-edge-dashboard")
_PAGE: Final = "http://127.0.0.1:8765/login"
_CAPTURE: Final = "/proc/asound/Loopback/pcm1c/sub0/status"
"""What the kernel says of the microphone: "closed" where no program has it open."""
_NOTE: Final = "was angry with the radio"
_MOST_OF_AN_ALARM: Final = 0.7
"""Share of the time for which the status LED is on: a half in an alarm, at least four fifths where
somebody merely speaks."""


class Care:
    """Steps of the story; each raises `StepError` where it goes wrong, and may return a remark.

    Parameters
    ----------
    guest : Guest
    pins : mapping of str to int
        As `tests.pi.guest.pins_of`.
    """

    def __init__(self, guest: Guest, pins: Mapping[str, int]) -> None:
        self._guest = guest
        self._pins = pins

    @property
    def _machine(self) -> Machine:
        return self._guest.machine

    def beside(self) -> str:
        """Look whether what tells others and the page run, and what they take from the ears."""
        wait_until(self._page_answers, f"{_PAGE} answers", limit_s=120)
        told = [self._told(unit) for unit in _UNITS]
        if off := [f"{one['Id']} is {one['SubState']}" for one in told if not _is_well(one)]:
            raise StepError("; ".join(off))
        lost = self._guest.wait_until_listening()["n_lost"]
        return f"{'; '.join(map(_needs, told))}; {lost} samples were lost since the start"

    def alarm(self) -> str:
        """Wait for the alarm, come, and look what the log says of it."""
        status = self._guest.wait_for("an alarm is open", lambda status: status["alarms"])
        alarm = status["alarms"][0]
        share = self._machine.share_lit(self._pins["status"])
        if share > _MOST_OF_AN_ALARM:
            raise StepError(f"the status LED is on for {share:.0%} of the time, as without alarm")
        self._guest.do(f"ser-edge alarms ack --note '{_NOTE}'")
        self._guest.wait_for("no alarm is open", lambda status: not status["alarms"])
        if self._machine.lit([self._pins["buzzer"]], for_s=4):
            raise StepError("the buzzer sounds although somebody has come")
        calm = self._machine.share_lit(self._pins["status"])
        if calm <= _MOST_OF_AN_ALARM:
            raise StepError(f"the status LED goes on blinking, on for {calm:.0%} of the time")
        return f"{alarm['rule']}, {alarm['severity']}; the log: {self._history(alarm['id'])}"

    def mute(self) -> str:
        """Close the microphone while somebody speaks, and open it again."""
        listening = self._pins["listening"]
        if not self._machine.lit([listening]):
            raise StepError(f"GPIO {listening} is off while sound is taken in")
        open_ = self._capture()
        self._guest.do("ser-edge mute")
        self._guest.wait_for("the service is muted", lambda status: status["health"] == "muted")
        wait_until(self._only_the_status_led, "all LEDs but the status LED are off", limit_s=10)
        if (closed := self._capture()) != "closed" or open_ == "closed":
            raise StepError(f"the kernel says of the microphone: {open_}; then, muted: {closed}")
        self._guest.do("ser-edge unmute")
        self._guest.wait_until_listening()
        if not self._machine.lit([listening]):
            raise StepError(f"GPIO {listening} stays off although it listens again")
        return f"the kernel calls the microphone {open_}, then {closed}, then {self._capture()}"

    def _page_answers(self) -> bool | None:
        ask = f"import urllib.request as r; print(r.urlopen('{_PAGE}', timeout=20).status)"
        return True if self._machine.ssh(f'python3 -c "{ask}"').stdout.strip() == "200" else None

    def _told(self, unit: str) -> dict[str, str]:
        names = "Id,ActiveState,SubState,NRestarts,MemoryCurrent,CPUUsageNSec"
        lines = self._guest.do(f"systemctl show --property={names} {unit}").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def _history(self, alarm: str) -> str:
        said = self._guest.do("runuser -u ser-edge -- ser-edge log --alerts --json").splitlines()
        rows = [row for row in map(json.loads, said) if row["alarm"] == alarm]
        ended: dict[str, Any] = rows[-1]
        if ended["phase"] != "acknowledged" or not ended["who"] or ended["note"] != _NOTE:
            raise StepError(f"the log does not say who has come: {rows}")
        return ", ".join(row["phase"] for row in rows) + f" by {ended['who']} ({_NOTE})"

    def _only_the_status_led(self) -> bool | None:
        others = {pin for name, pin in self._pins.items() if name != "status"}
        return True if not self._machine.lit(others, for_s=2) else None

    def _capture(self) -> str:
        return self._guest.do(f"head -n 1 {_CAPTURE}").strip().removeprefix("state: ").lower()


def _is_well(told: Mapping[str, str]) -> bool:
    return told["ActiveState"] == "active" and told["NRestarts"] == "0"


def _needs(told: Mapping[str, str]) -> str:
    memory, processor_s = int(told["MemoryCurrent"]) / 2**20, int(told["CPUUsageNSec"]) / 1e9
    return f"{told['Id'].removesuffix('.service')} {memory:.0f} MB, {processor_s:.0f} s"
