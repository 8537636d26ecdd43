from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.service.feeding import Patience, Pulse, deserves_food

PATIENCE = Patience(sound_s=5.0, window_s=8.0, deaf_s=600.0)


def pulse(
    *, sound_at_s: float | None, since_s: float | None = None, window_at_s: float | None = None
) -> Pulse:
    return Pulse(
        began_s=100.0, sound_at_s=sound_at_s, sound_since_s=since_s, window_at_s=window_at_s
    )


@pytest.mark.parametrize(
    ("now_s", "signs", "is_fed"),
    [
        # The microphone was never there: it is waited for, but not for ever.
        (100.0, pulse(sound_at_s=None), True),
        (699.0, pulse(sound_at_s=None), True),
        (701.0, pulse(sound_at_s=None), False),
        # Sound comes, and the first window takes its time.
        (103.0, pulse(sound_at_s=102.98, since_s=101.0), True),
        (109.5, pulse(sound_at_s=109.48, since_s=101.0), False),
        # Sound comes and windows are scored.
        (200.0, pulse(sound_at_s=199.98, since_s=101.0, window_at_s=199.6), True),
        # Sound comes, but the model has stopped answering.
        (200.0, pulse(sound_at_s=199.98, since_s=101.0, window_at_s=191.0), False),
        # The microphone is away and is being opened again and again.
        (700.0, pulse(sound_at_s=101.0, since_s=100.5, window_at_s=101.0), True),
        (702.0, pulse(sound_at_s=101.0, since_s=100.5, window_at_s=101.0), False),
        # It is back after two minutes: the next window takes its time again.
        (321.0, pulse(sound_at_s=320.98, since_s=320.0, window_at_s=200.0), True),
        (329.0, pulse(sound_at_s=328.98, since_s=320.0, window_at_s=200.0), False),
    ],
)
def test_the_rule(now_s: float, signs: Pulse, is_fed: bool) -> None:
    assert deserves_food(signs, PATIENCE, now_s=now_s) is is_fed


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1e4))
def test_silence_of_every_kind_ends_the_feeding(sound_s: float, since_s: float, w_s: float) -> None:
    signs = pulse(sound_at_s=100 + sound_s, since_s=100 + since_s, window_at_s=100 + w_s)
    assert not deserves_food(signs, PATIENCE, now_s=100 + 1e4 + 601)
