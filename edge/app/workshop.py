"""Makes pipelines: of the configured model, or of the store's current one, with the settings."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from edge.app import models
from edge.app.sessions import session_of
from edge.app.sources import RunSettings
from edge.config.load import load_config
from edge.config.places import Places
from edge.config.settings import Config
from edge.contract.bundle import ModelBundle
from edge.contract.labels import subject
from edge.contract.manifest import Manifest, refuse_without_emotions
from edge.decide.alerts import AlertRule
from edge.errors import BundleError, NoInputError, SerError, StoreError
from edge.infer.classifier import EmotionClassifier
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.record.backlog import Session
from edge.record.moments import boot_id
from edge.selftest import golden_deviations
from edge.service.renewal import Prepared
from edge.service.status import ModelStatus
from edge.store.catalog import ModelStore
from edge.store.entries import Installed, sha256_of
from edge.store.starting import Start

MODELS: Final = "models"
HISTORY_S: Final = 15.0
"""Sound that a successor hears again: more than a window, and whole blocks of frames."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Loaded:
    """A model in memory."""

    status: ModelStatus
    classifier: EmotionClassifier
    kind: tuple[str, int]
    """The runtime and the threads that were asked for."""


class ModelWorkshop:
    """See the module's text; what `edge.service.renewal` asks for.

    Parameters
    ----------
    settings : RunSettings
    config : Config
        What holds now; `adopt` of a `Prepared` changes it.
    is_service : bool
        Whether this process may try models; another one only takes what has been proven.
    on_config : callable
        Told of the former and the new configuration, when another one holds.
    """

    def __init__(
        self,
        settings: RunSettings,
        config: Config,
        *,
        is_service: bool,
        on_config: Callable[[Config, Config], None] = lambda _old, _new: None,
    ) -> None:
        self.config = config
        self._settings = settings
        self._is_service = is_service
        self._on_config = on_config
        self._boot_id = boot_id()
        self._running: _Loaded | None = None

    @property
    def health_window_s(self) -> float:
        """Live sound that a model on trial must stand."""
        return self.config.store.health_window_s

    @property
    def classifier(self) -> EmotionClassifier:
        """The model that listens."""
        return self._now.classifier

    def first(self) -> Prepared:
        """Return what to begin with: whatever is wrong with the store, something listens.

        Raises
        ------
        SerError
            If the model that the configuration names, or the bundled one, cannot be used.
        """
        pinned = self._pinned(self.config)
        if pinned:
            prepared = self._prepared(self._loaded(pinned, self.config), self.config)
        else:
            prepared = self._first_of_store(self._begin())
        return prepared

    def prepare(self, *, reread: bool) -> Prepared:
        """Load the current model, after the settings were read anew if that is wanted.

        Raises
        ------
        SerError
            If it cannot be used.
        """
        config = load_config(file=self._settings.config).config if reread else self.config
        pinned = self._pinned(config)
        if pinned:
            return self._prepared(self._loaded(pinned, config), config)
        if not self._is_service:
            return self._prepared(self._now, config)
        start = self._store(config).take_up(self._boot_id)
        wanted = start.model.id if start.model else None
        is_substitute = wanted != start.current_id
        if is_substitute:
            # What listens is better than what stands in for a model that cannot be had.
            return replace(self._prepared(self._now, config, start=start), on_trial=False)
        return self._prepared(self._loaded(start.model, config), config, start=start)

    def current_id(self) -> str | None:
        """Return what the store calls its current model."""
        if self._pinned(self.config) or not self._is_service:
            return None
        return self._store(self.config).current_id()

    def decide(self, model_id: str | None, *, failure: str | None) -> str | None:
        """Confirm a model on trial, or take it back for a reason; return `current_id` then."""
        store = self._store(self.config)
        if failure is None:
            store.confirm(model_id)
        else:
            store.revert(model_id, why=failure)
        return store.current_id()

    def end(self) -> None:
        """Note in the store that the program ends of its own will."""
        if self._pinned(self.config) or not self._is_service:
            return
        try:
            self._store(self.config).end_service()
        except StoreError as error:
            _log.warning("%s", error)

    def session(self) -> Session:
        """Return what the log says of model and thresholds."""
        return session_of(self.config, self.classifier.bundle, boot_id=self._boot_id)

    @property
    def _now(self) -> _Loaded:
        if self._running is None:
            raise RuntimeError("no model listens yet; call first()")
        return self._running

    def _pinned(self, config: Config) -> Path | None:
        """Return the model file that somebody has named: then the store is not asked."""
        named = self._settings.model or config.model.path
        return Path(named) if named else None

    def _store(self, config: Config) -> ModelStore:
        return ModelStore(Places.here().state_directory() / MODELS, keep=config.store.keep)

    def _begin(self) -> Start:
        store = self._store(self.config)
        if self._is_service:
            return store.begin_service(self._boot_id)
        model: Installed | None = None
        troubles: tuple[str, ...] = ()
        try:
            model = store.current()
        except SerError as error:
            troubles = (str(error),)
        return Start(
            model=model,
            on_trial=False,
            fallbacks=(None,),
            current_id=None,
            reverted=None,
            troubles=troubles,
        )

    def _first_of_store(self, start: Start) -> Prepared:
        candidates = [start.model, *start.fallbacks]
        loaded, failures = self._first_that_loads(candidates)
        if failures and start.on_trial and start.model:
            self._take_back(start.model, failures[0])
        former = None
        if start.on_trial and not failures:
            former = self._prepared(self._first_that_loads(candidates[1:])[0], self.config)
        return replace(
            self._prepared(loaded, self.config, start=start),
            on_trial=former is not None,
            former=former,
            troubles=(*_troubles(start), *failures),
        )

    def _first_that_loads(
        self, candidates: Sequence[Installed | None]
    ) -> tuple[_Loaded, list[str]]:
        failures: list[str] = []
        for model in candidates[:-1]:
            try:
                return self._loaded(model, self.config), failures
            except (BundleError, NoInputError) as error:
                failures.append(f"{error}; another model listens in its place")
        return self._loaded(candidates[-1], self.config), failures

    def _take_back(self, model: Installed, why: str) -> None:
        try:
            self._store(self.config).revert(model.id, why=why)
        except StoreError as error:
            _log.warning("%s", error)

    def _loaded(self, model: Installed | Path | None, config: Config) -> _Loaded:
        """Return a model ready to answer, the very one that listens if it is the same."""
        path = model.path if isinstance(model, Installed) else model or models.bundled_model()
        bundle = ModelBundle.load(path)
        manifest = bundle.manifest
        status = ModelStatus(
            id=model.id if isinstance(model, Installed) else None,
            name=manifest.name,
            version=manifest.version,
            sha256=sha256_of(path),
        )
        kind = (config.model.runtime, config.model.threads)
        known = self._running
        if known and (known.status.sha256, known.kind) == (status.sha256, kind):
            return _Loaded(status=status, classifier=known.classifier, kind=kind)
        refuse_without_emotions(manifest)
        classifier = models.classifier_of(bundle, config)
        golden_deviations(classifier)
        return _Loaded(status=status, classifier=classifier, kind=kind)

    def _prepared(self, loaded: _Loaded, config: Config, *, start: Start | None = None) -> Prepared:
        before = self._running
        return Prepared(
            model=loaded.status,
            make=lambda: self._pipeline(loaded),
            adopt=lambda: self._adopt(config),
            changes=before is None
            or (loaded.status, loaded.kind) != (before.status, before.kind)
            or _of_pipeline(config) != _of_pipeline(self.config),
            on_trial=start.on_trial if start else False,
            current_id=start.current_id if start else None,
            troubles=_troubles(start) if start else (),
        )

    def _adopt(self, config: Config) -> None:
        former, self.config = self.config, config
        if config != former:
            self._on_config(former, config)

    def _pipeline(self, loaded: _Loaded) -> EmotionPipeline:
        manifest = loaded.classifier.bundle.manifest
        _warn_of_idle_rules(self.config.alert, manifest)
        self._running = loaded
        scorer = WindowScorer(
            loaded.classifier,
            gate=self.config.speech,
            decision=models.decision(self.config, manifest.decision),
            history_s=HISTORY_S,
            stopwatch_s=time.perf_counter,
        )
        return EmotionPipeline(scorer, rules=self.config.alert)


def _troubles(start: Start) -> tuple[str, ...]:
    if start.reverted is None:
        return start.troubles
    taken_back = f"model {start.reverted.model} was taken back: {start.reverted.why}"
    return (*start.troubles, taken_back)


def _of_pipeline(config: Config) -> tuple[object, ...]:
    """Return the settings that a pipeline is made with."""
    return (config.speech, config.gate, config.decision, config.alert)


def _warn_of_idle_rules(rules: Iterable[AlertRule], manifest: Manifest) -> None:
    for rule in rules:
        if rule.emotions.isdisjoint(manifest.labels):
            _log.warning(
                "alert rule %r will never sound: model %s tells %s",
                rule.name,
                manifest.name,
                subject(manifest.labels),
            )
