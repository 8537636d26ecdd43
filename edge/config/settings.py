"""Every setting with its default and its bounds; ``default.toml`` says the same to people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from edge.contract.tables import Range
from edge.decide.alarms import TROUBLE, TroubleRule
from edge.decide.alerts import ALL_CHANNELS, AlertRule
from edge.decide.outcomes import Buzzer, Light, Severity
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
    listening_pin: Pin | None = 26
    """The light that is on whenever sound is taken in, and never otherwise."""
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
    max_mb: Annotated[float, Range(1, 100_000)] = 400.0
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


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomConfig:
    """Where this device stands."""

    name: str = ""
    """As messages call it; empty for the name of the machine."""
    snooze_s: Annotated[float, Range(60, 86_400)] = 900.0
    """Time for which no alarm is raised after the button was pressed twice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TroubleConfig:
    """When the program's own troubles call somebody."""

    deaf_s: Annotated[float, Range(5, 86_400)] | None = 60.0
    """After so long without usable sound; None for never, as in the following."""
    least_disk_mb: Annotated[float, Range(1, 100_000)] | None = 200.0
    most_temperature_c: Annotated[float, Range(30, 120)] | None = 80.0
    model: bool = True
    """Whether a model that was taken back, or cannot be used, calls."""
    clock_s: Annotated[float, Range(60, 604_800)] | None = 3600.0
    """After so long with a clock that the network has not set; on machines that can tell."""
    log: bool = True
    """Whether a log that cannot be written calls."""
    cooldown_s: Annotated[float, Range(0, 604_800)] = 3600.0
    severity: Severity = "warning"
    quiet_hours: tuple[str, ...] = ()
    light: Light = "none"
    buzzer: Buzzer = "none"
    notify: tuple[str, ...] = (ALL_CHANNELS,)

    @property
    def rules(self) -> tuple[TroubleRule, ...]:
        """How each trouble that is to call somebody does so."""
        wanted = {
            "deaf": self.deaf_s is not None,
            "disk": self.least_disk_mb is not None,
            "temperature": self.most_temperature_c is not None,
            "model": self.model,
            "clock": self.clock_s is not None,
            "log": self.log,
        }
        return tuple(self._rule(kind) for kind, calls in wanted.items() if calls)

    def _rule(self, kind: str) -> TroubleRule:
        return TroubleRule(
            name=f"{TROUBLE}{kind}",
            cooldown_s=self.cooldown_s,
            severity=self.severity,
            quiet_hours=self.quiet_hours,
            light=self.light,
            buzzer=self.buzzer,
            notify=self.notify,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class MqttConfig:
    """A broker, and Home Assistant behind it."""

    host: str = ""
    """Empty for none."""
    port: Annotated[int, Range(1, 65_535)] = 1883
    tls: bool = False
    ca_file: str = ""
    """Certificates that are trusted; empty for those of the system."""
    username: str = ""
    password_file: str = ""
    """Readable by the service alone."""
    prefix: str = "ser-edge"
    """Head of all topics; the room's name follows."""
    discovery_prefix: str = "homeassistant"
    """Where Home Assistant looks for new devices; empty for no discovery."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelConfig:
    """Somebody or something that is told of alarms."""

    name: str
    kind: Literal["apprise", "webhook"] = "apprise"
    url_file: str
    """File with its address (of apprise one a line), for the service alone: it is a secret."""
    events: tuple[Literal["raised", "escalated", "acknowledged", "ended"], ...] = (
        "raised",
        "escalated",
    )
    """What of an alarm is told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeartbeatConfig:
    """A dead man's switch: somebody else raises the alarm when this is not heard any more."""

    url_file: str = ""
    """File with the address that is asked; empty for none."""
    every_s: Annotated[float, Range(10, 86_400)] = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DashboardConfig:
    """The web page."""

    host: str = "127.0.0.1"
    port: Annotated[int, Range(1, 65_535)] = 8765
    certificate: str = ""
    """File for HTTPS; empty for HTTP, as behind a proxy."""
    key: str = ""
    """The certificate's private key."""
    session_h: Annotated[float, Range(0.1, 8760)] = 24.0
    """Time after which somebody who did nothing must log in again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdaptationConfig:
    """The one person who lives here; see `ser-edge calibrate`."""

    enabled: bool = False
    """Whether decisions are relative to the person's usual voice, once it is known."""


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
    room: RoomConfig = field(default_factory=RoomConfig)
    trouble: TroubleConfig = field(default_factory=TroubleConfig)
    mqtt: MqttConfig = field(default_factory=MqttConfig)
    channel: tuple[ChannelConfig, ...] = ()
    heartbeat: HeartbeatConfig = field(default_factory=HeartbeatConfig)
    dashboard: DashboardConfig = field(default_factory=DashboardConfig)
    adaptation: AdaptationConfig = field(default_factory=AdaptationConfig)
