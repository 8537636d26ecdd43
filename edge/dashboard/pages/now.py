"""Now: how it sounds, since when, whether anybody listens, and who must be answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from flask import Blueprint, render_template

from edge.contract.labels import EMOTIONS
from edge.dashboard.i18n import clock, decibel, gettext, percent
from edge.dashboard.pages import wording
from edge.dashboard.pieces import pieces
from edge.dashboard.roles import needs
from edge.service.status import AlarmStatus, Status

blueprint: Final = Blueprint("now", __name__)

_SHOWN_SHARE: Final = 0.05
_QUIETEST_DBFS: Final = -70.0


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmView:
    """An open alarm, in words."""

    id: str
    severity: str
    severity_word: str
    title: str
    reason: str
    raised: datetime
    sounding: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NowView:
    """What the page shows of one status, or of there being none."""

    health: str
    """As in the status; ``away`` where nobody answers."""
    state: str
    confidence: float = 0.0
    since: datetime | None = None
    is_speaking: bool = False
    level_dbfs: float = _QUIETEST_DBFS
    alarms: tuple[AlarmView, ...] = ()
    snoozed_until: datetime | None = None
    probabilities: tuple[tuple[str, float], ...] = ()
    """Those worth showing, the likeliest first."""
    fault: str | None = None
    troubles: tuple[str, ...] = ()

    @property
    def is_heard(self) -> bool:
        """Whether the state is what is heard now."""
        return self.health == "listening"

    @property
    def picture(self) -> str:
        """Name of the large shape."""
        return self.state if self.is_heard else self.health

    @property
    def sentence(self) -> str:
        """What is heard, or that nothing is."""
        return wording.state_sentence(self.state) if self.is_heard else self.health_word

    @property
    def detail(self) -> str:
        """How sure, and since when."""
        if not self.is_heard:
            return self.health_sentence
        since = gettext("since %(time)s", time=clock(self.since)) if self.since else ""
        sure = percent(self.confidence) if self.state in EMOTIONS else ""
        return " · ".join(part for part in (sure, since) if part)

    @property
    def health_word(self) -> str:
        """Whether it listens, in a word or two."""
        return gettext(wording.HEALTH_WORDS[self.health])

    @property
    def health_sentence(self) -> str:
        """What that means."""
        return gettext(wording.HEALTH_SENTENCES[self.health])

    @property
    def level_text(self) -> str:
        """The level as a number."""
        return decibel(self.level_dbfs)

    @property
    def title(self) -> str:
        """What the browser's tab says."""
        return f"⚠ {self.alarms[0].title}" if self.alarms else self.sentence

    @property
    def say(self) -> str:
        """What a screen reader says when it changes."""
        return self.sentence

    @property
    def call(self) -> str:
        """What a screen reader interrupts for."""
        if not self.alarms:
            return ""
        return gettext("Alarm: %(what)s", what="; ".join(alarm.title for alarm in self.alarms))


@blueprint.get("/")
@needs("look")
def page() -> str:
    """Show the whole page."""
    return render_template("now.html", view=_view())


@blueprint.get("/now/parts")
@needs("look")
def parts() -> str:
    """Return the parts that change, for the page's script."""
    return render_template("now_parts.html", view=_view())


def view_of(status: Status | None, zone: tzinfo) -> NowView:
    """Return what the page shows of a status."""
    if status is None or status.health == "stopped":
        return NowView(health="away", state="no_speech")
    return NowView(
        health=status.health,
        state=status.state,
        confidence=status.confidence,
        since=_moment(status.state_since, zone),
        is_speaking=status.speaking and status.health == "listening",
        level_dbfs=max(_QUIETEST_DBFS, status.level_dbfs),
        alarms=tuple(_alarm(alarm, zone) for alarm in reversed(status.alarms)),
        snoozed_until=_moment(status.snoozed_until, zone),
        probabilities=_likely(status),
        fault=status.fault,
        troubles=status.trouble,
    )


def _view() -> NowView:
    return view_of(pieces().status(), pieces().zone)


def _alarm(alarm: AlarmStatus, zone: tzinfo) -> AlarmView:
    return AlarmView(
        id=alarm.id,
        severity=alarm.severity,
        severity_word=wording.severity_word(alarm.severity),
        title=wording.rule_title(alarm.rule),
        reason=alarm.reason,
        raised=datetime.fromisoformat(alarm.raised).astimezone(zone),
        sounding=alarm.sounding,
    )


def _likely(status: Status) -> tuple[tuple[str, float], ...]:
    if status.health != "listening":
        return ()
    ranked = sorted(status.probabilities.items(), key=lambda item: -item[1])
    return tuple((state, share) for state, share in ranked if share >= _SHOWN_SHARE)


def _moment(text: str | None, zone: tzinfo) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(zone) if text else None
