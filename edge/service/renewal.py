"""New settings and new models, taken while it listens; a model that fails is taken back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from edge.decide.outcomes import Outcome
from edge.errors import SerError
from edge.pipeline import EmotionPipeline
from edge.service.chores import Chore, Chores
from edge.service.ears import Ears
from edge.service.status import ModelStatus
from edge.service.trial import Conditions, TrialWatch, Verdict
from edge.service.troubles import Troubles

_LOG: Final = logging.getLogger(__name__)

POLL_S: Final = 1.0
"""From one look at the store to the next."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Prepared:
    """A model and settings that are ready to be used."""

    model: ModelStatus
    make: Callable[[], EmotionPipeline]
    """Makes a pipeline of the model, with the settings that hold then; quick."""
    adopt: Callable[[], None]
    """Lets the settings hold from now on; quick."""
    changes: bool
    """Whether the pipeline must be another one for them."""
    on_trial: bool
    current_id: str | None
    """What the store called its current model then."""
    former: Prepared | None = None
    """At the start of a program: what goes on if this one, which is on trial, fails."""
    troubles: tuple[str, ...] = ()


class Workshop(Protocol):
    """Where models and settings come from; `prepare` and `decide` are called beside the loop."""

    @property
    def health_window_s(self) -> float:
        """Live sound that a model on trial must stand."""

    def prepare(self, *, reread: bool) -> Prepared:
        """Load the current model, after the settings were read anew if that is wanted."""

    def current_id(self) -> str | None:
        """Return what the store calls its current model; quick."""

    def decide(self, model_id: str | None, *, failure: str | None) -> str | None:
        """Confirm a model on trial, or take it back for a reason; return `current_id` then."""


class Audience(Protocol):
    """Who is told of the changes, within the loop."""

    def reloading(self) -> None:
        """Settings begin to be read anew."""

    def reloaded(self) -> None:
        """They have been taken, or were refused."""

    def changed(self) -> None:
        """Another pipeline listens."""


class Renewal:
    """Looks for what is new once a second, between two blocks of sound.

    Parameters
    ----------
    ears : Ears
        Which listen with `running` already.
    workshop : Workshop
    running : Prepared
    troubles : Troubles
    audience : Audience
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        ears: Ears,
        workshop: Workshop,
        *,
        running: Prepared,
        troubles: Troubles,
        audience: Audience,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.running = running
        self._ears = ears
        self._workshop = workshop
        self._former: Prepared | None = None
        self._seen_id = running.current_id
        self._troubles = troubles
        self._audience = audience
        self._clock = clock
        self._due_s = clock() + POLL_S
        self._wanted = threading.Event()
        self._chores = Chores(clock=clock)
        self._owed: list[Outcome] = []
        if running.on_trial and running.former:
            self._begin_trial(running.former, heard_before=False)

    @property
    def on_trial(self) -> bool:
        """Whether the model that listens has yet to prove itself."""
        return self._former is not None

    def request(self) -> None:
        """Ask for settings and model to be read anew; for signal handlers."""
        self._wanted.set()

    def attend(self) -> Sequence[Outcome]:
        """Do what is due between two blocks; return what follows for the listeners."""
        if self._ears.failure is not None:
            self._settle_failure(self._ears.failure)
        if not self._chores.is_idle:
            self._chores.look()
        elif self._wanted.is_set():
            self._wanted.clear()
            self._begin_reload()
        elif (now_s := self._clock()) >= self._due_s:
            self._due_s = now_s + POLL_S
            self._look(now_s)
        owed, self._owed = self._owed, []
        return owed

    def finish(self, *, limit_s: float) -> None:
        """Bring to its end what was begun, for the end of the program."""
        self._chores.finish(limit_s=limit_s)

    def _look(self, now_s: float) -> None:
        trial = None if self._ears.is_paused else self._ears.trial
        verdict = trial.verdict(now_s=now_s) if trial else None
        if verdict:
            self._conclude(verdict)
        elif self._has_other_model():
            # A trial that goes on is over: somebody has chosen another model by hand.
            work = Chore(
                work=lambda: self._workshop.prepare(reread=False),
                done=self._take,
                failed=self._stay_with_model,
            )
            self._chores.add(work)

    def _has_other_model(self) -> bool:
        try:
            found = self._workshop.current_id()
        except SerError as error:
            self._troubles.report("store", str(error))
            return False
        return found != self._seen_id

    def _begin_reload(self) -> None:
        self._audience.reloading()
        work = Chore(
            work=lambda: self._workshop.prepare(reread=True),
            done=self._take_settings,
            failed=self._stay_with_settings,
        )
        self._chores.add(work)

    def _take_settings(self, prepared: Prepared) -> None:
        self._troubles.settle("config")
        self._take(prepared)
        _LOG.info("the settings were read anew")
        self._audience.reloaded()

    def _stay_with_settings(self, error: Exception) -> None:
        self._troubles.report("config", f"the settings stay as they were: {_said(error)}")
        self._audience.reloaded()

    def _stay_with_model(self, error: Exception) -> None:
        name = self.running.model.name
        why = f"it cannot be loaded: {_said(error)}"
        self._troubles.report("model", f"another model was chosen, {name} stays: {why}")
        try:
            self._seen_id = self._workshop.current_id()
        except SerError:
            return
        self._decide(self._seen_id, failure=why)

    def _take(self, prepared: Prepared) -> None:
        self._seen_id = prepared.current_id
        if prepared.troubles:
            self._troubles.report("model", *prepared.troubles)
        prepared.adopt()
        if prepared.changes:
            self._switch(prepared)

    def _switch(self, prepared: Prepared) -> None:
        try:
            self._owed += self._ears.take_over(prepared.make())
        except Exception as error:  # noqa: BLE001 - whatever it is, the former goes on
            self._stay_with_model(error)
            return
        before, self.running = self.running, prepared
        if self._former and prepared.model.id != before.model.id:
            self._end_trial()
            self._decide(before.model.id, failure="another model was chosen meanwhile")
        if prepared.model != before.model:
            what = "now listens, on trial" if prepared.on_trial else "now listens"
            self._say_model(what, prepared.model)
            if not prepared.troubles:
                self._troubles.settle("model")
        if prepared.on_trial and not self._former:
            self._begin_trial(before, heard_before=self._ears.vitals.sound_at_s is not None)
        elif self._former:
            self._watch(self._former)
        self._audience.changed()

    def _begin_trial(self, former: Prepared, *, heard_before: bool) -> None:
        scorer, vitals = self._ears.pipeline.scorer, self._ears.vitals
        self._former = former
        self._ears.trial = TrialWatch(
            began_s=self._clock(),
            conditions=Conditions(
                health_window_s=self._workshop.health_window_s,
                hop_s=scorer.hop_length / scorer.sample_rate_hz,
                window_s=scorer.window_length / scorer.sample_rate_hz,
                heard_before=heard_before,
                loss_share=vitals.lost_s / vitals.sound_s if vitals.sound_s else 0.0,
            ),
        )
        self._watch(former)

    def _watch(self, former: Prepared) -> None:
        self._ears.fallback = former.make
        # In a quiet room nobody would speak, and a broken model would pass.
        self._ears.pipeline.scorer.infers_always = True

    def _end_trial(self) -> None:
        self._former = self._ears.trial = self._ears.fallback = None
        self._ears.pipeline.scorer.infers_always = False

    def _conclude(self, verdict: Verdict) -> None:
        if verdict.is_healthy:
            self._end_trial()
            self._say_model("has proved itself", self.running.model)
            self._decide(self.running.model.id, failure=None)
        elif self._former:
            self._owed += self._ears.take_over(self._former.make())
            self._go_back(self._former, verdict.why)

    def _settle_failure(self, why: str) -> None:
        self._ears.failure = None
        if self._former:
            self._go_back(self._former, why)

    def _go_back(self, former: Prepared, why: str) -> None:
        failed, self.running = self.running.model, former
        self._end_trial()
        sentence = f"model {failed.name} {failed.version} was taken back: {why}"
        self._troubles.report("model", sentence)
        self._decide(failed.id, failure=why)
        self._audience.changed()

    def _decide(self, model_id: str | None, *, failure: str | None) -> None:
        self._chores.add(
            Chore(
                work=lambda: self._workshop.decide(model_id, failure=failure),
                done=lambda current_id: self._note(model_id, current_id),
                failed=lambda error: self._troubles.report("store", _said(error)),
            )
        )

    def _note(self, decided_id: str | None, current_id: str | None) -> None:
        self._troubles.settle("store")
        # Whatever else is current was chosen by somebody meanwhile, and has yet to be loaded.
        if self._seen_id == decided_id and current_id == self.running.model.id:
            self._seen_id = current_id

    def _say_model(self, what: str, model: ModelStatus) -> None:
        _LOG.info("model %s %s %s", model.name, model.version, what)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, SerError) else f"{type(error).__name__}: {error}"
