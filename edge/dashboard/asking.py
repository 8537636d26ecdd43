"""Commands to the ears from the page: what is shown next has seen what was done."""

from __future__ import annotations

import threading
from typing import Literal

from edge.dashboard.live import Live
from edge.service.commands import Ears
from edge.service.protocol import Answer


class Asking:
    """`edge.service.commands.Ears`, but that `Live` knows the outcome before a command returns.

    Parameters
    ----------
    ears : Ears
    live : Live
    """

    def __init__(self, ears: Ears, live: Live) -> None:
        self._ears = ears
        self._live = live

    def acknowledge(self, *, who: str, note: str = "", alarm: str | None = None) -> Answer:
        """Say that somebody has come: to one alarm, or to all that are open."""
        return self._seen(self._ears.acknowledge(who=who, note=note, alarm=alarm))

    def snooze(self, *, for_s: float, who: str) -> Answer:
        """Let no rule raise an alarm for a while."""
        return self._seen(self._ears.snooze(for_s=for_s, who=who))

    def end_snooze(self, *, who: str) -> Answer:
        """Let alarms be raised again."""
        return self._seen(self._ears.end_snooze(who=who))

    def mute(self, *, who: str) -> Answer:
        """Close the microphone."""
        return self._seen(self._ears.mute(who=who))

    def unmute(self, *, who: str) -> Answer:
        """Open the microphone again."""
        return self._seen(self._ears.unmute(who=who))

    def feedback(
        self,
        *,
        who: str,
        heard_at: str,
        verdict: Literal["right", "wrong"],
        truth: str | None = None,
        note: str = "",
        alarm: str | None = None,
    ) -> Answer:
        """Write into the log that what was heard was right, or wrong."""
        return self._ears.feedback(
            who=who, heard_at=heard_at, verdict=verdict, truth=truth, note=note, alarm=alarm
        )

    def _seen(self, answer: Answer) -> Answer:
        """Ask how things are now: a watcher that goes on is told only at its own pace."""
        status = next(self._ears.watch(threading.Event()), None)
        if status:
            self._live.hear(status)
        return answer
