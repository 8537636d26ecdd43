"""When the program's own troubles are a cause to call somebody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from edge.config.settings import TroubleConfig
from edge.decide.alarms import TROUBLE
from edge.decide.outcomes import CauseNow
from edge.record.moments import Clock
from edge.service.gauges import Gauges
from edge.service.troubles import Troubles

UNWRITTEN_S: Final = 30.0
"""A log that could not be written for so long calls: a moment's lock is no trouble."""

_WELL_S: Final = 5.0
"""Sound must come for so long before a deaf microphone counts as mended."""
_CLOCK_LOOK_S: Final = 1.0
_DISK_SLACK: Final = 1.1
_COOLED_C: Final = 5.0
_MODEL_TOPICS: Final = ("model", "store")


class Ailments:
    """Looks at what is wrong, and for how long already; to be used within the loop alone.

    Parameters
    ----------
    troubles : Troubles
    gauges : Gauges
    clock : Clock
    unwritten : callable
        Returns why the log cannot be written now, or None.
    monotonic : callable
        Seconds.
    """

    def __init__(
        self,
        troubles: Troubles,
        gauges: Gauges,
        *,
        clock: Clock,
        unwritten: Callable[[], str | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._troubles = troubles
        self._gauges = gauges
        self._clock = clock
        self._unwritten = unwritten
        self._monotonic = monotonic
        self._since_s: dict[str, float] = {}
        self._found: set[str] = set()
        self._is_unset = False
        self._clock_due_s = 0.0

    def causes(
        self, config: TroubleConfig, *, health: str, fault: str | None
    ) -> dict[str, CauseNow]:
        """Return every cause that holds now, by the name of its rule.

        Parameters
        ----------
        config : TroubleConfig
        health : str
            As in the status. A microphone that is muted is not deaf.
        fault : str or None
            Why it is deaf.
        """
        found = dict(self._each(config, health=health, fault=fault))
        self._found = set(found)
        return {TROUBLE + name: CauseNow(reason=reason) for name, reason in found.items()}

    def _each(
        self, config: TroubleConfig, *, health: str, fault: str | None
    ) -> Iterator[tuple[str, str]]:
        looks: dict[str, Callable[[], str | None]] = {
            "deaf": lambda: self._deafness(config.deaf_s, health, fault),
            "disk": lambda: self._fullness(config.least_disk_mb),
            "temperature": lambda: self._heat(config.most_temperature_c),
            "model": lambda: self._of_model() if config.model else None,
            "clock": lambda: self._of_clock(config.clock_s),
            "log": lambda: self._of_log(is_wanted=config.log),
        }
        for name, look in looks.items():
            if reason := look():
                yield name, reason

    def _deafness(self, limit_s: float | None, health: str, fault: str | None) -> str | None:
        is_deaf = health in {"deaf", "starting"}
        well_s = self._lasted_s("hearing", holds=not is_deaf)
        if health == "muted" or (not is_deaf and well_s is not None and well_s >= _WELL_S):
            self._since_s.pop("deaf", None)
            return None
        if is_deaf:
            self._lasted_s("deaf", holds=True)
        since_s = self._since_s.get("deaf")
        if limit_s is None or since_s is None or self._monotonic() - since_s < limit_s:
            return None
        return f"nothing can be heard: {fault or 'no sound comes'}"

    def _fullness(self, limit_mb: float | None) -> str | None:
        if limit_mb is None:
            return None
        if self._gauges.hangs:
            return "the disk of the log does not answer"
        free_mb = self._gauges.reading.free_mb
        slack = _DISK_SLACK if "disk" in self._found else 1.0
        if free_mb is None or free_mb >= slack * limit_mb:
            return None
        return (
            f"the disk of the log has {free_mb:.0f} MB left, fewer than {limit_mb:g}; when it is "
            "full, nothing is written any more"
        )

    def _heat(self, limit_c: float | None) -> str | None:
        degrees = self._gauges.reading.temperature_c
        if limit_c is None or degrees is None:
            return None
        if degrees <= limit_c - (_COOLED_C if "temperature" in self._found else 0.0):
            return None
        return (
            f"the processor has {degrees:.0f} °C, more than {limit_c:g}: it may slow down and "
            "lose sound; does the case get air?"
        )

    def _of_model(self) -> str | None:
        return next((s for topic in _MODEL_TOPICS for s in self._troubles.of(topic)), None)

    def _of_clock(self, limit_s: float | None) -> str | None:
        now_s = self._monotonic()
        if now_s >= self._clock_due_s:
            self._clock_due_s = now_s + _CLOCK_LOOK_S
            self._is_unset = self._clock.is_synchronised() is False
        unset_s = self._lasted_s("clock", holds=self._is_unset)
        if limit_s is None or unset_s is None or unset_s < limit_s:
            return None
        return (
            f"the network has not set the clock for {limit_s / 60:.0f} minutes: times, days and "
            "quiet hours may be wrong"
        )

    def _of_log(self, *, is_wanted: bool) -> str | None:
        why = self._unwritten()
        unwritten_s = self._lasted_s("log", holds=why is not None)
        is_long = unwritten_s is not None and unwritten_s >= UNWRITTEN_S
        return why if is_wanted and is_long else None

    def _lasted_s(self, name: str, *, holds: bool) -> float | None:
        """Return since how long something holds; None if it does not."""
        if not holds:
            self._since_s.pop(name, None)
            return None
        now_s = self._monotonic()
        return now_s - self._since_s.setdefault(name, now_s)
