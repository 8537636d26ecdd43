"""Beginning a calibration, gathering here where no service does, and what it came to, in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from edge.app import adaptation, models
from edge.app.adaptation import Calibration, Consent
from edge.app.relating import LOOK_S, Relating
from edge.config.places import Places
from edge.config.settings import Config
from edge.contract.bundle import ModelBundle
from edge.decide.baseline import LEAST_SPEECH_S, UsualVoice
from edge.devices.recording import RecordingSource
from edge.devices.source import AudioSource
from edge.errors import CalibrationError, SourceEnded, UsageError
from edge.pipeline import EmotionPipeline, WindowScorer
from edge.service.status import read_status, status_file

_READ_S: Final = 0.25
_LITTLE_DISTRESS: Final = 0.05
_DISTRESS: Final = ("sad", "angry", "fearful")


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """How far a calibration is."""

    usual: UsualVoice
    left_s: float


def model_for(config: Config) -> ModelBundle:
    """Return the model that listens here, if a voice can be heard relative to others with it.

    Raises
    ------
    CalibrationError
        If nobody has measured how it hears others.
    """
    bundle = ModelBundle.load(models.model_path(config))
    if adaptation.reference_of(bundle.manifest.sha256) is None:
        raise CalibrationError(
            f"model {bundle.manifest.name} {bundle.manifest.version} was not measured for this: "
            "how it hears other people's usual voices is not known, so decisions stay plain with it"
        )
    return bundle


def refuse_second(path: Path) -> None:
    """Raise where a calibration is there already.

    Raises
    ------
    CalibrationError, UsageError
    """
    found = adaptation.read(path)
    if found:
        raise UsageError(
            f"{path} holds a calibration to which {found.consent.agreed_by} has agreed; "
            "`ser-edge calibrate reset` deletes it, then begin anew"
        )


def refuse_beside_service(places: Places) -> None:
    """Raise where a program listens: it would gather as well, and write over what is heard here.

    Raises
    ------
    UsageError
    """
    if is_service_listening(places):
        raise UsageError(
            "ser-edge listens here and would gather as well; `sudo systemctl stop ser-edge` first, "
            "or leave out --source and let it gather"
        )


def begin(path: Path, bundle: ModelBundle, consent: Consent, *, lasts: timedelta) -> Calibration:
    """Write down that it gathers from now on.

    Raises
    ------
    StoreError
    """
    model = bundle.manifest.sha256
    reference = adaptation.reference_of(model)
    if reference is None:
        raise ValueError(f"model {model} has no reference; ask model_for")
    calibration = adaptation.begun(model, reference, consent, until=now() + lasts)
    adaptation.write(path, calibration)
    return calibration


def is_service_listening(places: Places) -> bool:
    """Return whether a program listens that gathers into the same folder."""
    status = read_status(status_file(places))
    return status is not None and status.alive


def follow(path: Path, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Heard]:
    """Yield how far the service is, once a second until the time is over or the file is gone."""
    while (found := adaptation.read(path)) and found.gathers(now()):
        yield heard(found)
        sleep(1.0)
    sleep(2 * LOOK_S)  # the service writes down the last of it


def gather(config: Config, bundle: ModelBundle, path: Path, source: AudioSource) -> Iterator[Heard]:
    """Listen here and gather; yield how far it is with each window, until time or source ends.

    A recording is heard to its end, however fast it plays.

    Raises
    ------
    AudioDeviceError, AudioDataError, SerError
    """
    classifier = models.classifier_of(bundle, config)
    decision = models.decision(config, bundle.manifest.decision)
    scorer = WindowScorer(classifier, gate=config.speech, decision=decision)
    pipeline = EmotionPipeline(scorer, rules=())
    relating = Relating(path, on_trouble=lambda *_: None, is_gatherer=True)
    try:
        for _ in _windows(pipeline, source, relating, bundle.manifest.sha256):
            if relating.normal is None or not relating.normal.gathers:
                return
            found = adaptation.read(path)
            if found:
                yield Heard(usual=relating.normal.usual, left_s=left_s(found))
    finally:
        relating.save()


def open_recording(path: Path) -> AudioSource:
    """Return a recording in the place of the microphone, for a try."""
    return RecordingSource(path)


def summary(calibration: Calibration, *, enabled: bool) -> Iterator[str]:
    """Yield what is known, what it changes and what is still missing, in words."""
    usual, consent = calibration.usual, calibration.consent
    yield f"agreed by    {consent.agreed_by}, {consent.agreed_at}"
    state = f"until {calibration.gathers_until}" if calibration.gathers(now()) else "no more"
    yield f"gathers      {state}"
    yield f"heard        {usual.speech_s:.0f} s of speech in {usual.n_windows} windows"
    yield from _plain_and_relative(usual)
    yield f"decisions    {_standing(calibration, enabled=enabled)}"
    yield from _advice(usual)


def left_s(calibration: Calibration) -> float:
    """Return the seconds for which it still gathers."""
    until = datetime.fromisoformat(calibration.gathers_until)
    return max(0.0, (until - now()).total_seconds())


def heard(calibration: Calibration) -> Heard:
    """Return how far it is."""
    return Heard(usual=calibration.usual, left_s=left_s(calibration))


def now() -> datetime:
    """Return the local time with its offset."""
    return datetime.now().astimezone()


def _windows(
    pipeline: EmotionPipeline, source: AudioSource, relating: Relating, model: str
) -> Iterator[None]:
    while True:
        relating.turn(pipeline, model=model, enabled=False)
        try:
            block = source.read(timeout_s=_READ_S)
        except SourceEnded:
            pipeline.flush()
            yield
            return
        if block is None or pipeline.push(block):
            yield


def _plain_and_relative(usual: UsualVoice) -> Iterator[str]:
    if not usual.n_windows:
        return
    yield "sounded like the model alone / relative to it"
    ranked = sorted(usual.kinds.items(), key=lambda item: -item[1].n_plain)
    for kind, tally in ranked:
        plain, relative = tally.n_plain / usual.n_windows, tally.n_relative / usual.n_windows
        yield f"  {kind:10} {plain:4.0%} / {relative:4.0%}"


def _standing(calibration: Calibration, *, enabled: bool) -> str:
    usual = calibration.usual
    if not usual.is_known:
        missing_s = LEAST_SPEECH_S - usual.speech_s
        return f"plain: {missing_s:.0f} s of speech are still missing, {LEAST_SPEECH_S:.0f} s count"
    if calibration.paused:
        return "plain: switched off; `ser-edge calibrate on` switches it on"
    if not enabled:
        return "plain: the settings say so, `enabled = false` in [adaptation]"
    return "relative to this voice"


def _advice(usual: UsualVoice) -> Iterator[str]:
    if not usual.is_known:
        return
    shares = [
        sum(getattr(usual.kinds[kind], count) for kind in _DISTRESS if kind in usual.kinds)
        / usual.n_windows
        for count in ("n_plain", "n_relative")
    ]
    alone, relative = (f"{share:.0%}" for share in shares)
    yield f"distress     {alone} of it sounded so to the model alone, {relative} relative to it"
    if shares[0] < _LITTLE_DISTRESS:
        yield "             there is little to gain for this voice: leave it off"
    else:
        yield "             if alarms are often wrong, try it; its price: docs/calibration.md"
