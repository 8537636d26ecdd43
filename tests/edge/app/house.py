"""A house in which everything but the microphone and the clock is real: store, models, ears."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from edge.app import models
from edge.app.sources import RawFormat, RunSettings
from edge.app.workshop import ModelWorkshop
from edge.config.load import load_config
from edge.decide.outcomes import Outcome
from edge.infer.classifier import EmotionClassifier, WindowProbabilities
from edge.service.ears import Ears
from edge.service.renewal import Renewal
from edge.service.troubles import Troubles
from edge.store.catalog import ModelStore
from edge.store.entries import Installed
from edge.stream.blocks import AudioBlock
from tests.edge.store.models import added, packed
from tests.fakes.sound import cut, sample
from tests.fakes.sources import FakeClock

CONFIG = """\
[decision]
enter_confidence = 0.13
leave_confidence = 0.0
[gate]
non_voice_veto = 1.0
[[alert]]
name = "any"
when = ["activated", "distress"]
confidence = 0.0
hold_s = 1.0
within_s = 2.0
cooldown_s = 4.0
sound_s = 2.0
[store]
health_window_s = 5.0
"""


def blocks() -> list[AudioBlock]:
    return list(cut(sample(), list(range(0, len(sample()), 320))))


def store() -> ModelStore:
    return ModelStore(Path(os.environ["STATE_DIRECTORY"]) / "models", keep=5)


def installed(version: str, **changes: object) -> Installed:
    """Install a model that answers as the bundled one does."""
    return added(store(), version, content=packed(version=version, **changes))


class House:
    """What `Listening` wires, without its loop: the test hands over block by block."""

    def __init__(self, config: Path, *, is_service: bool = True) -> None:
        self.clock = FakeClock()
        self.troubles = Troubles()
        self.told: list[str] = []
        settings = RunSettings(
            source="mic",
            pace="fast",
            config=config,
            model=None,
            log=None,
            raw=RawFormat(sample_rate_hz=16000, n_channels=1, sample_format="s16"),
        )
        self.workshop = ModelWorkshop(
            settings, load_config(file=config).config, is_service=is_service
        )
        first = self.workshop.first()
        self.troubles.report("model", *first.troubles)
        self.ears = Ears(first.make(), clock=self.clock.monotonic)
        self.renewal = Renewal(
            self.ears,
            self.workshop,
            running=first,
            troubles=self.troubles,
            audience=self,
            clock=self.clock.monotonic,
        )
        self.outcomes: list[Outcome] = []

    def reloading(self) -> None:
        self.told.append("reloading")

    def reloaded(self) -> None:
        self.told.append("reloaded")

    def changed(self) -> None:
        self.told.append("changed")

    @property
    def model_id(self) -> str | None:
        return self.renewal.running.model.id

    def hear(self, played: Iterable[AudioBlock]) -> None:
        for block in played:
            self.clock.sleep(len(block.samples) / block.sample_rate_hz)
            self.outcomes += self.ears.push(block)
            self.outcomes += self.renewal.attend()

    def settle(self) -> None:
        """Let what is done beside the loop come to its end, between two blocks."""
        for _ in range(2):  # what was found out may be written down by another chore
            self.clock.sleep(1.001)
            self.outcomes += self.renewal.attend()
            deadline_s = time.monotonic() + 60
            while not self.renewal._chores.is_idle and time.monotonic() < deadline_s:
                self.outcomes += self.renewal.attend()
                time.sleep(0.002)

    def wait(self, seconds: float) -> None:
        """Let time pass in which no sound comes."""
        for _ in range(round(seconds * 4)):
            self.clock.sleep(0.25)
            self.outcomes += self.renewal.attend()
        self.settle()


class Failing(EmotionClassifier):
    """A model whose golden cases are right, and which breaks on live sound."""

    def probabilities(self, _features: object) -> WindowProbabilities:
        raise RuntimeError("the interpreter broke")


def slow(clock: FakeClock, by_s: float) -> type[EmotionClassifier]:
    class Slow(EmotionClassifier):
        """A model that takes its time."""

        def probabilities(self, features: object) -> WindowProbabilities:
            clock.sleep(by_s)
            return super().probabilities(features)

    return Slow


def let_be(monkeypatch: pytest.MonkeyPatch, version: str, kind: type[EmotionClassifier]) -> None:
    """Let models of a version be answered for by another class."""
    usual = models.classifier_of

    def classifier_of(bundle, config, *, runtime=None):
        if bundle.manifest.version == version:
            return kind(bundle)
        return usual(bundle, config, runtime=runtime)

    monkeypatch.setattr(models, "classifier_of", classifier_of)
