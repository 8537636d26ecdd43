"""The program's words as people read them: calm, never surer than the model, in their language."""

from __future__ import annotations

import re
from typing import Final

from edge.dashboard.i18n import duration, gettext, marked, number
from edge.decide.desk import AGAIN

STATE_WORDS: Final = {
    "calm": marked("calm"),
    "happy": marked("happy"),
    "sad": marked("sad"),
    "angry": marked("angry"),
    "fearful": marked("fearful"),
    "disgusted": marked("disgusted"),
    "surprised": marked("surprised"),
    "neutral": marked("neutral"),
    "uncertain": marked("hard to tell"),
    "no_speech": marked("no voice"),
}

GROUP_WORDS: Final = {
    "distress": marked("in distress"),
    "activated": marked("lively"),
    "settled": marked("settled"),
}

_SENTENCES: Final = {
    "calm": marked("Sounds calm"),
    "happy": marked("Sounds happy"),
    "sad": marked("Sounds sad"),
    "angry": marked("Sounds angry"),
    "fearful": marked("Sounds fearful"),
    "disgusted": marked("Sounds disgusted"),
    "surprised": marked("Sounds surprised"),
    "neutral": marked("Sounds neutral"),
    "uncertain": marked("Hard to tell how it sounds"),
    "no_speech": marked("No voice to be heard"),
}

HEALTH_WORDS: Final = {
    "listening": marked("Listening"),
    "muted": marked("Muted"),
    "deaf": marked("Cannot hear"),
    "starting": marked("Starting"),
    "away": marked("Nobody listens"),
}

HEALTH_SENTENCES: Final = {
    "listening": marked("The microphone is on."),
    "muted": marked("The microphone is off until somebody turns it on again."),
    "deaf": marked("The microphone gives no usable sound, so no alarm can be raised."),
    "starting": marked("The program is starting."),
    "away": marked("The program that listens does not answer, so no alarm can be raised."),
}

SEVERITY_WORDS: Final = {
    "notice": marked("Notice"),
    "warning": marked("Warning"),
    "urgent": marked("Urgent"),
}

PHASE_WORDS: Final = {
    "raised": marked("raised"),
    "escalated": marked("called again"),
    "quieted": marked("fell silent"),
    "acknowledged": marked("acknowledged"),
    "ended": marked("ended"),
    "right": marked("it was right to call"),
    "wrong": marked("it was a false alarm"),
}

_TROUBLES: Final = {
    "deaf": marked("The microphone cannot hear"),
    "disk": marked("The disk is nearly full"),
    "temperature": marked("The device is too hot"),
    "model": marked("The model could not be used"),
    "clock": marked("The clock is not set"),
    "log": marked("The log cannot be written"),
}

_OTHER_TROUBLE: Final = marked("The device has a problem")

_ACTORS: Final = {
    "button": marked("the button"),
    "mqtt": marked("the home automation"),
    "command line": marked("the command line"),
    "": marked("the program"),
}

_REASONS: Final = {
    "acknowledged": marked("somebody came"),
    "cause ended": marked("it does not sound so any more"),
    "mended": marked("it is mended"),
    "nobody answered": marked("nobody answered"),
    "rule removed": marked("its rule was removed"),
    "snoozed": marked("alarms were put off"),
    "timed out": marked("it had sounded long enough"),
}

_STATUS_SENTENCES: Final = {
    400: marked("This request cannot be understood."),
    401: marked("Log in first."),
    403: marked("You may not do this, or the form was too old. Load the page again and retry."),
    404: marked("There is nothing here."),
    405: marked("This is not done in this way."),
    409: marked("The program that listens refused it."),
    413: marked("This is larger than what is taken here."),
    422: marked("Something in what you entered cannot be used."),
    503: marked("This is not to be had now. Try again in a moment."),
}
_OTHER_STATUS: Final = marked("Something went wrong in this program.")

_HELD: Final = re.compile(r"(?P<what>.+) for (?P<held>[\d.]+) s of the last (?P<within>[\d.]+) s")
_SOUNDED: Final = re.compile(r"sounded for (?P<held>[\d.]+) s")
_WAITED: Final = re.compile(r"nobody answered for (?P<waited>[\d.]+) s: (?P<reason>.+)")


def state_word(state: str) -> str:
    """Return the adjective of a state, or a name that we do not know as it is."""
    word = STATE_WORDS.get(state) or GROUP_WORDS.get(state)
    return gettext(word) if word else state


def state_sentence(state: str) -> str:
    """Return what is heard, as a cautious sentence without its full stop."""
    return gettext(_SENTENCES[state]) if state in _SENTENCES else state


def severity_word(severity: str) -> str:
    """Return how bad an alarm is."""
    return gettext(SEVERITY_WORDS[severity]) if severity in SEVERITY_WORDS else severity


def phase_word(phase: str) -> str:
    """Return what happened to an alarm."""
    return gettext(PHASE_WORDS[phase]) if phase in PHASE_WORDS else phase


def rule_title(rule: str) -> str:
    """Return what an alarm is about, by the name of its rule."""
    kind = rule.removeprefix("trouble: ")
    if kind != rule:
        return (
            gettext(_TROUBLES[kind]) if kind in _TROUBLES else gettext("The device has a problem")
        )
    if rule in GROUP_WORDS or rule in STATE_WORDS:
        return gettext("Somebody sounds %(how)s", how=state_word(rule))
    return gettext("Alarm “%(rule)s”", rule=rule)


def status_sentence(status: int) -> str:
    """Return what has gone wrong with a request, by the status of its answer."""
    return gettext(_STATUS_SENTENCES.get(status, _OTHER_STATUS))


def reason_text(reason: str) -> str | None:
    """Return why, in the reader's language; None for a sentence that we have no words for."""
    if reason in _REASONS:
        return gettext(_REASONS[reason])
    if waited := _WAITED.fullmatch(reason):
        return gettext("nobody answered for %(time)s", time=duration(float(waited["waited"])))
    if held := _HELD.fullmatch(reason.removeprefix(AGAIN)):
        return gettext(
            "%(what)s for %(held)s s of the last %(within)s s",
            what=_either(held["what"]),
            held=_short(held["held"]),
            within=_short(held["within"]),
        )
    if sounded := _SOUNDED.fullmatch(reason):
        return gettext("it had sounded for %(n)s s", n=_short(sounded["held"]))
    return None


def _short(seconds: str) -> str:
    value = float(seconds)
    return number(value, 0 if value.is_integer() else 1)


def actor(who: str) -> str:
    """Return who did something."""
    return gettext(_ACTORS[who]) if who in _ACTORS else who.partition(": ")[2] or who


def _either(what: str) -> str:
    words = [state_word(word) for word in re.split(r", | or ", what)]
    if len(words) == 1:
        return words[0]
    return gettext("%(first)s or %(last)s", first=", ".join(words[:-1]), last=words[-1])
