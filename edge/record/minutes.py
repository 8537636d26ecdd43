"""One line a minute: what was heard and felt, and how the program itself did."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from edge.decide.outcomes import Scores

MINUTE_S: Final = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class MinuteSummary:
    """What one minute of the stream held."""

    length_s: float
    """Sound that the summary covers; a minute, or less at a stop."""
    states_s: dict[str, float]
    """Seconds that each state lasted; states that did not occur are left out."""
    speech_s: float
    """Seconds in which there was speech."""
    mean_level_dbfs: float
    """Mean of the power, as a level."""
    max_level_dbfs: float
    """Level of the loudest hop."""
    n_windows: int
    inference_ms_p95: float
    """Time that the slowest twentieth of the runs of the model exceeded; 0 where none ran."""
    n_lost: int
    """Samples that the source lost, at the source's rate."""


@dataclass(slots=True)
class _Sums:
    n_samples: int = 0
    n_speech: int = 0
    power: float = 0.0
    max_level_dbfs: float = -math.inf
    states: Counter[str] = field(default_factory=Counter)
    inference_ms: list[float] = field(default_factory=list)
    n_windows: int = 0
    n_lost: int = 0


class MinuteTally:
    """Counts what the windows say and gives a summary for each minute of the stream.

    Parameters
    ----------
    sample_rate_hz : int
        Rate in which the windows' positions count: the model's.
    start_sample : int
        Where the first minute begins.
    """

    def __init__(self, *, sample_rate_hz: int, start_sample: int = 0) -> None:
        self._rate_hz = sample_rate_hz
        self._end_sample = start_sample
        self._sums = _Sums()

    def feed(self, scores: Scores, *, state: str) -> MinuteSummary | None:
        """Count one window.

        Parameters
        ----------
        scores : Scores
            The next window; it stands for the sound since the end of the one before.
        state : str
            The decided state after this window.

        Returns
        -------
        MinuteSummary or None
            A summary when a minute is full.
        """
        n_samples = max(scores.end_sample - self._end_sample, 0)
        self._end_sample = scores.end_sample
        _add(self._sums, scores, state=state, n_samples=n_samples)
        is_full = self._sums.n_samples >= MINUTE_S * self._rate_hz
        return self.finish() if is_full else None

    def finish(self) -> MinuteSummary | None:
        """Return what was counted since the last summary; None where that is nothing."""
        sums, self._sums = self._sums, _Sums()
        if sums.n_samples == 0:
            return None
        return _summary(sums, rate_hz=self._rate_hz)


def _add(sums: _Sums, scores: Scores, *, state: str, n_samples: int) -> None:
    sums.n_samples += n_samples
    sums.n_speech += n_samples if scores.is_speech else 0
    sums.power += n_samples * 10.0 ** (scores.level_dbfs / 10.0)
    sums.max_level_dbfs = max(sums.max_level_dbfs, scores.level_dbfs)
    sums.states[state] += n_samples
    sums.n_windows += 1
    sums.n_lost += scores.n_lost
    if scores.inference_ms > 0.0:
        sums.inference_ms.append(scores.inference_ms)


def _summary(sums: _Sums, *, rate_hz: int) -> MinuteSummary:
    return MinuteSummary(
        length_s=sums.n_samples / rate_hz,
        states_s={state: n / rate_hz for state, n in sums.states.items()},
        speech_s=sums.n_speech / rate_hz,
        mean_level_dbfs=10.0 * math.log10(sums.power / sums.n_samples),
        max_level_dbfs=sums.max_level_dbfs,
        n_windows=sums.n_windows,
        inference_ms_p95=percentile_95(sums.inference_ms),
        n_lost=sums.n_lost,
    )


def percentile_95(values: list[float]) -> float:
    """Return the least of the values that 95 % of them do not exceed; 0 of none."""
    if not values:
        return 0.0
    # In whole numbers, so that the rank of 20 values is 19 and not 19.000000000000004.
    rank = -(-len(values) * 95 // 100)
    return sorted(values)[rank - 1]
