"""Wiring the main job: source, pipeline, log, panel, and the loop around them."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from edge import __version__
from edge.app import models
from edge.config.load import log_file
from edge.config.places import Places
from edge.config.settings import Config, PanelConfig
from edge.contract.labels import subject
from edge.contract.manifest import DecisionProposal, Manifest, refuse_without_emotions
from edge.decide.alerts import AlertRule
from edge.devices.gpio import PanelPins
from edge.devices.microphone import PyAudioMicrophone
from edge.devices.panel import GpioPanel, NullPanel, open_panel
from edge.devices.pcmstream import PcmStreamSource
from edge.devices.recording import Pace, RecordingSource
from edge.devices.source import AudioSource
from edge.devices.watch import WatchedSource
from edge.dsp.pcm import SampleFormat
from edge.errors import SignalDeviceError
from edge.infer.classifier import EmotionClassifier
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.record.backlog import Session, Threshold
from edge.record.log import EventLog
from edge.record.minutes import MinuteTally
from edge.record.moments import SystemClock, boot_id
from edge.record.retention import Retention
from edge.selftest import golden_deviations
from edge.service.display import PanelListener
from edge.service.listeners import Guarded, Listener
from edge.service.logbook import Logbook
from edge.service.runner import Runner, Source
from edge.stream.blocks import AudioBlock

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class RawFormat:
    """What bytes on standard input mean."""

    sample_rate_hz: int
    n_channels: int
    sample_format: SampleFormat


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSettings:
    """What the command line says about one run."""

    source: str
    """``"mic"``, a recording, or ``"-"`` for raw PCM on standard input."""
    pace: Literal["real-time", "fast"]
    """How a recording is played."""
    model: Path | None
    log: Path | None
    raw: RawFormat


class UnwatchedSource:
    """A recording or a pipe: it ends, but it is never deaf."""

    fault: str | None = None

    def __init__(self, source: AudioSource) -> None:
        self._source = source
        self.sample_rate_hz = source.sample_rate_hz
        self.name = source.name

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if none came in time."""
        return self._source.read(timeout_s=timeout_s)

    def close(self) -> None:
        """Release the file."""
        self._source.close()


class Listening:
    """One run, wired and ready: create it, say its `facts`, then `run` it.

    Parameters
    ----------
    config : Config
    settings : RunSettings
    views : sequence of Listener
        Further listeners, such as the live line of a terminal.

    Raises
    ------
    SerError
        In its many kinds, if model, source or pins cannot be used.
    """

    def __init__(self, config: Config, settings: RunSettings, *, views: Sequence[Listener]) -> None:
        classifier = models.open_classifier(config, model=settings.model)
        refuse_without_emotions(classifier.bundle.manifest)
        _warn_of_idle_rules(config.alert, classifier.bundle.manifest)
        golden_deviations(classifier)
        self.log_path = settings.log or log_file(config, Places.here())
        scorer = WindowScorer(
            classifier,
            gate=config.speech,
            decision=models.decision(config, classifier.bundle.manifest.decision),
            stopwatch_s=time.perf_counter,
        )
        source = _open_source(config, settings)
        self._panel = _open_panel(panel_pins(config.panel), on_acknowledge=self._acknowledge)
        logbook = Guarded(lambda: _logbook(self.log_path, config, scorer, classifier), name="log")
        self._runner = Runner(
            source,
            EmotionPipeline(scorer, rules=config.alert),
            [Guarded(lambda: PanelListener(self._panel), name="panel"), logbook, *views],
        )
        self.facts = _facts(source, classifier, has_panel=self.has_panel, log_path=self.log_path)

    @property
    def has_panel(self) -> bool:
        """Whether there are real LEDs."""
        return isinstance(self._panel, GpioPanel)

    def run(self) -> None:
        """Listen until the source ends or `stop` is called."""
        self._runner.run()

    def stop(self) -> None:
        """End the run soon; for signal handlers."""
        self._runner.stop()

    def _acknowledge(self) -> None:
        self._runner.acknowledge()


def _warn_of_idle_rules(rules: Iterable[AlertRule], manifest: Manifest) -> None:
    for rule in rules:
        if rule.emotions.isdisjoint(manifest.labels):
            _log.warning(
                "alert rule %r will never sound: model %s tells %s",
                rule.name,
                manifest.name,
                subject(manifest.labels),
            )


def _open_source(config: Config, settings: RunSettings) -> Source:
    audio = config.audio
    if settings.source == "mic":
        return WatchedSource(
            lambda: PyAudioMicrophone(audio.device, block_ms=audio.block_ms, queue_s=audio.queue_s),
            name=audio.device or "the default microphone",
            dead_fault_s=audio.dead_fault_s,
            silent_fault_s=audio.silent_fault_s,
        )
    if settings.source == "-":
        raw = settings.raw
        return UnwatchedSource(
            PcmStreamSource(
                sys.stdin.buffer,
                sample_rate_hz=raw.sample_rate_hz,
                n_channels=raw.n_channels,
                sample_format=raw.sample_format,
                block_ms=audio.block_ms,
            )
        )
    pace = Pace.REAL_TIME if settings.pace == "real-time" else Pace.AS_FAST_AS_POSSIBLE
    return UnwatchedSource(RecordingSource(settings.source, pace=pace, block_ms=audio.block_ms))


def _open_panel(pins: PanelPins, *, on_acknowledge: Callable[[], None]) -> GpioPanel | NullPanel:
    try:
        return open_panel(pins, on_acknowledge=on_acknowledge)
    except SignalDeviceError as error:
        # Better ears without lights than neither.
        _log.error("no panel, listening goes on: %s", error)
        return NullPanel()


def panel_pins(panel: PanelConfig) -> PanelPins:
    """Return what the configuration says is wired where."""
    if panel.kind == "none":
        return PanelPins()
    return PanelPins(
        leds=panel.leds if panel.kind != "rgb" else {},
        rgb=panel.rgb if panel.kind == "rgb" else None,
        status=panel.status_pin,
        buzzer=panel.buzzer_pin,
        button=panel.button_pin,
        active_high=panel.active_high,
        pwm=panel.pwm,
    )


def _logbook(
    path: Path, config: Config, scorer: WindowScorer, classifier: EmotionClassifier
) -> Logbook:
    bundle, clock = classifier.bundle, SystemClock()
    rate_hz = scorer.sample_rate_hz
    return Logbook(
        EventLog(
            path,
            clock=clock,
            retention=Retention(days=config.log.retention_days, max_mb=config.log.max_mb),
        ),
        session=Session(
            version=__version__,
            model=f"{bundle.manifest.name} {bundle.manifest.version} {bundle.sha256[:8]}",
            thresholds=_thresholds(config, scorer.decision),
            boot_id=boot_id(),
        ),
        clock=clock,
        position_s=lambda: scorer.n_seen / rate_hz,
        tally=MinuteTally(sample_rate_hz=rate_hz) if config.log.minute_summary else None,
    )


def _thresholds(config: Config, decision: DecisionProposal) -> dict[str, Threshold]:
    own = models.overrides(config)
    return {
        f.name: Threshold(
            value=getattr(decision, f.name), set_by="config" if f.name in own else "model"
        )
        for f in fields(decision)
    }


def _facts(
    source: Source, classifier: EmotionClassifier, *, has_panel: bool, log_path: Path
) -> tuple[str, ...]:
    manifest = classifier.bundle.manifest
    return (
        f"listening to {source.name}",
        f"model {manifest.name} {manifest.version}, {classifier.runtime}",
        f"log {log_path}" + ("" if has_panel else ", no GPIO: the LEDs are drawn here"),
    )
