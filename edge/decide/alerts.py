"""Alert rules: when an emotion, held long enough, is a cause to call somebody."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from edge.contract.labels import members
from edge.contract.tables import Range
from edge.decide.outcomes import Buzzer, Cause, CauseNow, Light, Severity

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EVERY_DAY: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of `datetime.weekday`."""
ALL_CHANNELS: Final = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalation:
    """What else is done when nobody has acknowledged an alarm for ``after_s``."""

    after_s: Annotated[float, Range(1, 86_400)]
    notify: tuple[str, ...] = (ALL_CHANNELS,)
    """Channels that are told now; told a second time if they were told before."""
    light: Light = "fast"
    buzzer: Buzzer = "long"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRule:
    """Raise an alarm when emotions are held for ``hold_s`` of the last ``within_s`` seconds."""

    name: str
    when: tuple[str, ...] = ("distress",)
    """Emotions, or groups of them: distress, activated, settled."""
    confidence: Annotated[float, Range(0, 1)] = 0.6
    """Least smoothed probability of these emotions together that counts as holding."""
    hold_s: Annotated[float, Range(0.5, 3600)] = 8.0
    within_s: Annotated[float, Range(0.5, 3600)] = 20.0
    cooldown_s: Annotated[float, Range(0, 86_400)] = 300.0
    """Least time from one alarm of this rule to its next."""
    sound_s: Annotated[float, Range(1, 3600)] = 60.0
    """Longest time that the alarm sounds when nobody acknowledges it."""
    open_s: Annotated[float, Range(1, 604_800)] = 3600.0
    """Longest time that the alarm waits for somebody to acknowledge it."""
    severity: Severity = "urgent"
    days: tuple[Day, ...] = EVERY_DAY
    """Days of the week, in local time, on which the rule holds."""
    quiet_hours: tuple[str, ...] = ()
    """Times of the day, in local time, in which it does not: ``"22:00-06:30"``."""
    light: Light = "fast"
    buzzer: Buzzer = "beeps"
    notify: tuple[str, ...] = (ALL_CHANNELS,)
    """Names of the channels that are told: ``mqtt``, those of ``[[channel]]``, or ``all``."""
    escalate: tuple[Escalation, ...] = ()

    def __post_init__(self) -> None:
        if faults := list(self._faults()):
            raise ValueError("; ".join(faults))

    def _faults(self) -> Iterator[str]:
        if not self.name:
            yield "name is empty; every rule needs one of its own"
        if not self.when:
            yield "when is empty; name at least one emotion or group"
        if self.hold_s > self.within_s:
            yield f"hold_s {self.hold_s:g} is above within_s {self.within_s:g}; it must not be"
        try:
            _ = self.emotions
        except ValueError as error:
            yield str(error)

    @property
    def emotions(self) -> frozenset[str]:
        """The emotions that the rule waits for."""
        return frozenset(emotion for word in self.when for emotion in members(word))


class RuleWatch:
    """Watch over the windows whether what a rule waits for holds."""

    def __init__(self, rule: AlertRule, *, sample_rate_hz: int, hop_length: int) -> None:
        self.rule = rule
        self._rate_hz = sample_rate_hz
        self._hop_length = hop_length
        self._hop_s = hop_length / sample_rate_hz
        self._emotions = rule.emotions
        self._n_most = max(1, round(rule.within_s / self._hop_s))
        self._held: deque[float] = deque()
        self._n_held = 0
        self._holds = False

    @property
    def cause(self) -> CauseNow | None:
        """What holds now, or None."""
        return CauseNow(reason=self._reason, confidence=self._confidence) if self._holds else None

    @property
    def held_s(self) -> float:
        """Seconds of the last ``within_s`` in which the emotions were there."""
        return self._hop_s * self._n_held

    def push(self, probabilities: dict[str, float], *, at_sample: int) -> Cause | None:
        """Take the smoothed probabilities of the next window; return what begins or ends.

        Parameters
        ----------
        probabilities : dict
            Smoothed probability of each emotion; empty where there was no speech.
        at_sample : int
            End of the window.
        """
        together = sum(probabilities.get(emotion, 0.0) for emotion in self._emotions)
        self._hold(together if together >= self.rule.confidence else 0.0)
        # Half of hold_s is the hysteresis: a cause does not end at the first quiet breath.
        enough_s = self.rule.hold_s / 2.0 if self._holds else self.rule.hold_s
        held = self.held_s >= enough_s
        if held == self._holds:
            return None
        self._holds = held
        return self._cause("began" if held else "ended", self._reason, at_sample=at_sample)

    def abandon(self, *, at_sample: int) -> Cause | None:
        """End the cause, if it holds, because its rule is no longer there."""
        return self._cause("ended", "rule removed", at_sample=at_sample) if self._holds else None

    def forget(self, *, at_sample: int) -> Cause | None:
        """Begin anew: what was before counts no more; return the cause that ends by it, if any."""
        self._held.clear()
        self._n_held = 0
        if not self._holds:
            return None
        self._holds = False
        return self._cause("ended", self._reason, at_sample=at_sample)

    def take_over(self, former: RuleWatch) -> None:
        """Go on where another one stands: what was held, and whether it is a cause.

        The former's windows may count at another rate; its rule may have had other bounds.
        """
        self._holds = former._holds
        self._held.clear()
        self._n_held = 0
        for together in former._held_each(self._hop_length, self._rate_hz, self._n_most)[::-1]:
            self._hold(together)

    def _hold(self, together: float) -> None:
        if len(self._held) == self._n_most:
            self._n_held -= self._held.popleft() > 0.0
        self._held.append(together)
        self._n_held += together > 0.0

    def _held_each(self, hop_length: int, rate_hz: int, n_most: int) -> list[float]:
        """Return what was held, newest first, as windows of another hop would have had it."""
        newest_first = list(reversed(self._held))
        held: list[float] = []
        for i in range(n_most):
            # In whole numbers, so that an equal hop gives the very same windows.
            place = i * hop_length * self._rate_hz // (rate_hz * self._hop_length)
            if place >= len(newest_first):
                break
            held.append(newest_first[place])
        return held

    @property
    def _reason(self) -> str:
        what = " or ".join(self.rule.when)
        return f"{what} for {self.held_s:g} s of the last {self.rule.within_s:g} s"

    @property
    def _confidence(self) -> float:
        return max(self._held, default=0.0)

    def _cause(self, phase: Literal["began", "ended"], reason: str, *, at_sample: int) -> Cause:
        return Cause(
            at_sample=at_sample,
            rule=self.rule.name,
            phase=phase,
            reason=reason,
            confidence=self._confidence,
        )
