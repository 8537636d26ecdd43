from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edge.contract.labels import UNCERTAIN
from edge.decide.alerts import AlertRule
from edge.decide.outcomes import Cause, Event, Outcome, Scores, Signal
from edge.errors import RecordError, SourceEnded
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.service.alarms import AlarmKeeper
from edge.service.ears import Ears
from edge.service.happenings import AlarmNews, Happening
from edge.service.listeners import Guarded
from edge.service.muting import MutedSource
from edge.service.runner import LevelMeter, Runner, Tell
from edge.stream.blocks import AudioBlock
from edge.stream.vad import GateSettings
from tests.fakes.alarms import Watched
from tests.fakes.sound import block, bundled, classifier, cut, sample

RULE = AlertRule(
    name="any", when=("activated", "distress"), confidence=0.0, hold_s=1.0, within_s=2.0
)


class ScriptedSource:
    """Plays blocks, None (nothing came) and faults in turn, then ends."""

    name = "script"

    def __init__(self, script: list[AudioBlock | str | Callable[[], None] | None]) -> None:
        self._script = list(script)
        self.fault: str | None = None
        self.is_closed = False

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        assert 0 < timeout_s <= 0.5
        if not self._script:
            raise SourceEnded
        item = self._script.pop(0)
        if callable(item):
            item()
            return None
        self.fault = item if isinstance(item, str) else None
        return item if isinstance(item, AudioBlock) else None

    def close(self) -> None:
        self.is_closed = True


class Recorder:
    """A listener that remembers everything."""

    def __init__(self) -> None:
        self.outcomes: list[Happening] = []
        self.signals: list[Signal] = []
        self.states: list[str] = []
        self.n_closed = 0

    def take(self, outcome: Happening, *, state: str) -> None:
        self.outcomes.append(outcome)
        self.states.append(state)

    def show(self, signal: Signal) -> None:
        self.signals.append(signal)

    def close(self) -> None:
        self.n_closed += 1


def pipeline() -> EmotionPipeline:
    decision = bundled().manifest.decision
    scorer = WindowScorer(classifier(), gate=GateSettings(), decision=decision)
    return EmotionPipeline(scorer, rules=[RULE])


def blocks() -> list[AudioBlock]:
    return list(cut(sample(), list(range(0, len(sample()), 320))))


def test_listeners_hear_exactly_what_the_pipeline_finds() -> None:
    recorder, source = Recorder(), ScriptedSource(blocks())
    Runner(source, Ears(pipeline()), [recorder]).run()
    other = pipeline()
    expected = [o for b in blocks() for o in other.push(b)] + other.flush()
    assert recorder.outcomes == expected
    assert {type(o) for o in expected} == {Scores, Event, Cause}
    assert recorder.n_closed == 1
    assert source.is_closed


def test_health_goes_from_starting_to_listening_to_stopped() -> None:
    recorder = Recorder()
    Runner(ScriptedSource([None, *blocks()[:50]]), Ears(pipeline()), [recorder]).run()
    health = [signal.health for signal in recorder.signals]
    assert health[:2] == ["starting", "starting"]
    assert health[2:] == ["listening"] * (len(health) - 3) + ["stopped"]


def test_a_fault_is_deafness_and_passes() -> None:
    recorder = Recorder()
    script = [*blocks()[:10], "the microphone is gone", *blocks()[:10]]
    Runner(ScriptedSource(script), Ears(pipeline()), [recorder]).run()
    health = [(signal.health, signal.fault) for signal in recorder.signals]
    assert ("deaf", "the microphone is gone") in health
    assert health[-2] == ("listening", None)
    deaf = next(signal for signal in recorder.signals if signal.health == "deaf")
    assert not deaf.speaking


def looked_after(source: ScriptedSource, recorder: Recorder) -> tuple[Runner, AlarmKeeper]:
    ears = Ears(pipeline())
    watched = Watched(ears, [RULE])
    runner = Runner(
        source,
        ears,
        [recorder],
        attend=watched.attend,
        sounding=lambda: watched.keeper.sounding,
    )
    return runner, watched.keeper


def test_signals_carry_state_alarm_and_level() -> None:
    recorder = Recorder()
    looked_after(ScriptedSource(blocks()), recorder)[0].run()
    assert {signal.alarm for signal in recorder.signals} == {None, "any"}
    assert {signal.buzzer for signal in recorder.signals if signal.alarm} == {"beeps"}
    assert {signal.speaking for signal in recorder.signals} == {False, True}
    assert max(signal.level_dbfs for signal in recorder.signals) > -30


def test_an_alarm_is_shown_in_the_turn_in_which_it_was_raised_and_after_it_was_told() -> None:
    order: list[tuple[str, int]] = []
    source = ScriptedSource(blocks())

    class Order(Recorder):
        def take(self, outcome: Happening, *, state: str) -> None:  # noqa: ARG002 - as others
            if isinstance(outcome, AlarmNews):
                order.append((outcome.changes[0].phase, len(source._script)))

        def show(self, signal: Signal) -> None:
            if signal.alarm:
                order.append(("shown", len(source._script)))

    looked_after(source, Order())[0].run()
    assert [what for what, _ in order[:2]] == ["raised", "shown"]
    assert order[0][1] == order[1][1]  # not one block later


def test_an_alarm_that_begins_with_the_last_window_is_told() -> None:
    source, recorder = ScriptedSource(blocks()), Recorder()
    runner, keeper = looked_after(source, recorder)
    source._script = blocks()[:1]
    runner._ears.pipeline.flush = lambda: runner._ears.pipeline.push(block(sample()))
    runner.run()
    assert keeper.open
    assert any(isinstance(outcome, AlarmNews) for outcome in recorder.outcomes)


def test_a_muted_source_is_neither_deaf_nor_listening_until_it_is_replaced() -> None:
    recorder = Recorder()
    ears = Ears(pipeline())
    runner = Runner(MutedSource(sleep=lambda _: None), ears, [recorder], attend=lambda _: attend())

    def attend() -> None:
        if len(recorder.signals) == 5:
            runner.replace_source(ScriptedSource(blocks()[:20]))

    runner.run()
    health = [signal.health for signal in recorder.signals]
    assert health[:5] == ["muted"] * 5
    assert set(health[6:-1]) == {"listening"}
    assert health[-1] == "stopped"


def test_stop_ends_the_run() -> None:
    recorder, source = Recorder(), ScriptedSource([])
    runner = Runner(source, Ears(pipeline()), [recorder])
    source._script = [*blocks()[:5], runner.stop, *blocks()]
    runner.run()
    assert len(source._script) == len(blocks())
    assert (recorder.n_closed, source.is_closed) == (1, True)


def test_everything_is_closed_when_something_breaks() -> None:
    recorder, source = Recorder(), ScriptedSource([])

    def breaks() -> None:
        raise ZeroDivisionError

    source._script = [breaks]
    with pytest.raises(ZeroDivisionError):
        Runner(source, Ears(pipeline()), [recorder]).run()
    assert (recorder.n_closed, source.is_closed) == (1, True)
    assert recorder.signals[-1].health == "stopped"


class Broken(Recorder):
    """A listener whose disk is full."""

    broken = True

    def take(self, outcome: Happening, *, state: str) -> None:
        if self.broken:
            raise RecordError("no space left on the device")
        super().take(outcome, state=state)


def test_a_broken_listener_stops_nobody_and_speaks_once(caplog: pytest.LogCaptureFixture) -> None:
    healthy, broken = Recorder(), Broken()
    guarded = Guarded(lambda: broken, name="log")
    script: list = [*blocks()]

    def mend() -> None:
        broken.broken = False

    script.insert(600, mend)
    Runner(ScriptedSource(script), Ears(pipeline()), [guarded, healthy]).run()
    assert len(healthy.outcomes) > len(broken.outcomes) > 0
    texts = [record.getMessage() for record in caplog.records]
    assert texts == ["the log has failed, listening goes on: no space left on the device"]


def test_a_listener_that_cannot_be_made_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def make() -> Recorder:
        raise RecordError("the disk is read-only")

    healthy = Recorder()
    Runner(
        ScriptedSource(blocks()[:200]), Ears(pipeline()), [Guarded(make, name="log"), healthy]
    ).run()
    assert healthy.outcomes
    assert [r.getMessage() for r in caplog.records] == [
        "the log has failed, listening goes on: the disk is read-only"
    ]


def test_the_meter_gives_a_level_each_tenth_of_a_second() -> None:
    meter = LevelMeter()
    quiet, loud = np.zeros(320, np.float32), np.ones(320, np.float32)
    assert [meter.push(block(quiet)) for _ in range(5)] == [False] * 4 + [True]
    assert meter.level_dbfs == -120.0
    assert [meter.push(block(loud)) for _ in range(5)][-1]
    assert meter.level_dbfs == pytest.approx(0.0)


def test_the_state_that_listeners_are_told_is_the_decided_one() -> None:
    recorder = Recorder()
    Runner(ScriptedSource(blocks()), Ears(pipeline()), [recorder]).run()
    told = [
        (o.state, state)
        for o, state in zip(recorder.outcomes, recorder.states, strict=True)
        if isinstance(o, Event)
    ]
    assert told
    assert all(event == state for event, state in told)
    assert UNCERTAIN in {state for _, state in told} or len(told) > 1


def test_the_lights_go_off_before_the_source_is_closed() -> None:
    order: list[str] = []

    class Slow(ScriptedSource):
        def close(self) -> None:
            order.append("source closed")

    class Light(Recorder):
        def show(self, signal: Signal) -> None:
            order.append(signal.health)

        def close(self) -> None:
            order.append("light closed")

    Runner(Slow(blocks()[:2]), Ears(pipeline()), [Light()]).run()
    assert order[-3:] == ["stopped", "source closed", "light closed"]


def test_a_listener_that_breaks_at_the_end_keeps_none_from_ending() -> None:
    class Breaking(Recorder):
        def close(self) -> None:
            raise RecordError("oh")

    last, source = Recorder(), ScriptedSource(blocks()[:2])
    with pytest.raises(RecordError):
        Runner(source, Ears(pipeline()), [Breaking(), last]).run()
    assert (last.n_closed, source.is_closed) == (1, True)


def test_what_happens_between_blocks_is_told_too() -> None:
    recorder = Recorder()
    cause = Cause(at_sample=0, rule="x", phase="ended", reason="rule removed", confidence=0.0)
    owed = [[], [cause], [], []]
    runner = Runner(
        ScriptedSource(blocks()[:3]),
        Ears(pipeline()),
        [recorder],
        attend=lambda tell: tell(owed.pop(0)),
    )
    runner.run()
    assert recorder.outcomes[0] == cause


def test_another_source_may_take_its_place_between_blocks() -> None:
    recorder = Recorder()
    first, second = ScriptedSource(blocks()), ScriptedSource(blocks()[:100])

    def attend(_tell: Tell) -> None:
        if len(first._script) == len(blocks()) - 50 and runner.source is first:
            runner.replace_source(second)

    runner = Runner(first, Ears(pipeline()), [recorder], attend=attend)
    runner.run()
    assert (first.is_closed, second.is_closed) == (True, True)
    assert len(first._script) == len(blocks()) - 50
    assert not second._script


def test_without_a_fallback_a_failure_ends_the_run() -> None:
    ears = Ears(pipeline())

    def breaks(_: AudioBlock) -> list[Outcome]:
        raise ZeroDivisionError

    ears.pipeline.push = breaks  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        Runner(ScriptedSource(blocks()), ears, []).run()


def test_a_successor_that_cannot_take_over_changes_nothing() -> None:
    ears, other = Ears(pipeline()), pipeline()
    expected = [o for b in blocks() for o in other.push(b)]
    assert expected
    found: list[Outcome] = []
    for i, each in enumerate(blocks()):
        if i == 650:
            successor = pipeline()
            successor.scorer._features.push = lambda _: 1 / 0  # type: ignore[method-assign]
            with pytest.raises(ZeroDivisionError):
                ears.take_over(successor)
        found += ears.push(each)
    assert found == expected


def test_only_what_was_lost_here_counts_as_lost_sound() -> None:
    ears = Ears(pipeline())
    ears.push(block(np.zeros(320, np.float32), n_lost=1600))
    ears.push(block(np.zeros(320, np.float32), n_lost=160_000), after_outage=True)
    assert (ears.vitals.n_lost, ears.vitals.lost_s) == (161_600, 0.1)
