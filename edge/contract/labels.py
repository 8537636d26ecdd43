"""The emotions, their order, their groups, and the one label that is not an emotion."""

from __future__ import annotations

from typing import Final

EMOTIONS: Final = (
    "calm",
    "happy",
    "sad",
    "angry",
    "fearful",
    "disgusted",
    "surprised",
    "neutral",
)
"""The emotions, in the order of the model's outputs and of every table."""

NON_VOICE: Final = "non_voice"
"""A model output that says "this is no voice": it vetoes, it is never shown as an emotion."""

SEXES: Final = ("female", "male")
"""The outputs of a model that tells the speaker's sex instead of the emotion."""

UNCERTAIN: Final = "uncertain"
"""The decided state when there is speech, but no emotion is sure enough."""

NO_SPEECH: Final = "no_speech"
"""The decided state when nobody speaks."""

STATES: Final = (*EMOTIONS, UNCERTAIN, NO_SPEECH)
"""Everything that the decided state can be."""

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "distress": ("fearful", "sad", "angry"),
    "activated": ("happy", "angry", "fearful", "surprised"),
    "settled": ("calm", "neutral"),
}
"""Groups of emotions that an alert rule may name; no group bears an emotion's name."""


def members(name: str) -> tuple[str, ...]:
    """Return the emotions that a word of an alert rule stands for.

    Parameters
    ----------
    name : str
        An emotion (``"angry"``) or a group (``"distress"``).

    Raises
    ------
    ValueError
        If the word is neither.
    """
    if name in GROUPS:
        return GROUPS[name]
    if name in EMOTIONS:
        return (name,)
    known = ", ".join((*EMOTIONS, *GROUPS))
    raise ValueError(f"{name!r} is neither an emotion nor a group; known are: {known}")


def subject(labels: tuple[str, ...]) -> str:
    """Return in words what a model with these labels tells of a voice."""
    if labels == SEXES:
        return "the speaker's sex"
    missing = [emotion for emotion in EMOTIONS if emotion not in labels]
    return "the emotion" + (f", but never {' or '.join(missing)}" if missing else "")


def refuse_unordered(labels: tuple[str, ...]) -> None:
    """Raise where labels are not what a model may have, in the order in which it must have them.

    Parameters
    ----------
    labels : tuple of str
        Emotions in the order of `EMOTIONS`, then `NON_VOICE` at most once; or `SEXES`.

    Raises
    ------
    ValueError
    """
    emotions = [label for label in labels if label != NON_VOICE]
    ordered = [emotion for emotion in EMOTIONS if emotion in emotions]
    if labels != SEXES and (not emotions or emotions != ordered or NON_VOICE in labels[:-1]):
        raise ValueError(
            f"labels are {', '.join(labels) or 'none'}; expected a subset of "
            f"{', '.join(EMOTIONS)} in this order, then possibly {NON_VOICE}, or {', '.join(SEXES)}"
        )
