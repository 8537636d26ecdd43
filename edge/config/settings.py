"""Every setting with its default and its bounds; ``default.toml`` says the same to people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from edge.contract.tables import Range
from edge.decide.alerts import AlertRule
from edge.stream.vad import GateSettings

Pin = Annotated[int, Range(2, 27)]
"""A GPIO pin by its BCM number."""

Probability = Annotated[float, Range(0, 1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioConfig:
    """The microphone."""

    device: str = ""
    """Its name or a part of it, as `ser-edge devices` prints it; empty for a USB microphone, or the
    default one."""
    block_ms: Annotated[int, Range(5, 200)] = 20
    silent_fault_s: Annotated[float, Range(1, 3600)] = 30.0
    """After so long of digital silence the microphone counts as broken."""
    dead_fault_s: Annotated[float, Range(0.5, 60)] = 3.0
    """After so long without a block it counts as gone."""
    queue_s: Annotated[float, Range(0.5, 60)] = 4.0
    """Sound that may wait for the model before the oldest is dropped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelConfig:
    """The model and what runs it."""

    path: str = ""
    """Empty for the model that comes with the program."""
    runtime: Literal["auto", "litert", "tflite-runtime"] = "auto"
    threads: Annotated[int, Range(1, 8)] = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class GateConfig:
    """When a window counts as speech; None leaves it to the model's proposal."""

    min_speech_s: Annotated[float, Range(0, 10)] | None = None
    non_voice_veto: Probability | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionConfig:
    """From probabilities to the shown state; None leaves it to the model's proposal."""

    enter_confidence: Probability | None = None
    leave_confidence: Probability | None = None
    smoothing_s: Annotated[float, Range(0, 60)] | None = None
    min_dwell_s: Annotated[float, Range(0, 60)] | None = None
    quiet_after_s: Annotated[float, Range(0, 60)] | None = None


def _default_leds() -> dict[str, Pin]:
    return {
        "calm": 17,
        "happy": 27,
        "sad": 22,
        "angry": 23,
        "fearful": 24,
        "disgusted": 25,
        "surprised": 5,
        "neutral": 6,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class PanelConfig:
    """LEDs, buzzer and button.

    The default pins leave the UART (14, 15), I2C (2, 3), SPI (7 to 11), I2S (18 to 21) and 1-wire
    (4) free for hats. The eight LEDs and the RGB LED share pins, because a panel has one or the
    other.
    """

    kind: Literal["auto", "leds", "rgb", "none"] = "auto"
    leds: dict[str, Pin] = field(default_factory=_default_leds)
    """Pin of each emotion's LED, and of ``uncertain``; what is left out has none."""
    rgb: tuple[Pin, Pin, Pin] = (17, 27, 22)
    """Pins of red, green and blue."""
    status_pin: Pin | None = 13
    buzzer_pin: Pin | None = 12
    button_pin: Pin | None = 16
    active_high: bool = True
    """Whether a high pin lights the LED."""
    pwm: bool = True
    """Whether brightness shows the confidence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogConfig:
    """The local log."""

    path: str = ""
    """Empty for ``log.db`` in the state directory."""
    retention_days: Annotated[int, Range(1, 36_500)] = 365
    max_mb: Annotated[float, Range(1, 100_000)] = 64.0
    minute_summary: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreConfig:
    """Models that are pushed to this device."""

    allow_unsigned: bool = False
    """Whether a model without a signature may be installed."""
    signers: str = ""
    """File of those whose signatures count, as ssh-keygen's ALLOWED SIGNERS has it; empty for
    ``allowed_signers`` beside the configuration."""
    keep: Annotated[int, Range(2, 100)] = 5
    """Models that stay installed; the running and the previous one always do."""
    health_window_s: Annotated[float, Range(1, 3600)] = 20.0
    """Time on live sound in which a new model must prove itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceConfig:
    """The service as systemd sees it."""

    deaf_restart_s: Annotated[float, Range(30, 86_400)] = 600.0
    """After so long without sound, however often the microphone was opened anew, the watchdog is
    no longer fed, so that systemd starts the program afresh."""


DEFAULT_ALERTS: Final = (AlertRule(name="distress"),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """All settings; the fields are the sections of the file."""

    audio: AudioConfig = field(default_factory=AudioConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    speech: GateSettings = field(default_factory=GateSettings)
    gate: GateConfig = field(default_factory=GateConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    alert: tuple[AlertRule, ...] = DEFAULT_ALERTS
    panel: PanelConfig = field(default_factory=PanelConfig)
    log: LogConfig = field(default_factory=LogConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    service: ServiceConfig = field(default_factory=ServiceConfig)
