"""A day as a bar: calm from the left, distress from the right and hatched, for want of colour."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

_WIDTH: Final = 60
_HEIGHT: Final = 8
_HATCH_STEP: Final = 5


def balance(*, settled_s: float, distress_s: float, voice_s: float) -> Markup:
    """Draw how much of a day's voice was calm, and how much in distress; empty without voice."""
    calm, upset = _width(settled_s, voice_s), _width(distress_s, voice_s)
    return Markup(
        '<svg class="balance" viewBox="0 0 {w} {h}" preserveAspectRatio="none" aria-hidden="true"'
        ' focusable="false"><path class="rest" d="M0 0h{w}v{h}h-{w}z"/>'
        '<path class="settled" d="M0 0h{calm}v{h}h-{calm}z"/>'
        '<path class="distress" d="M{left} 0h{upset}v{h}h-{upset}z"/>'
        '<path class="hatch" d="{hatch}"/></svg>'
    ).format(
        w=_WIDTH,
        h=_HEIGHT,
        calm=calm,
        upset=upset,
        left=_WIDTH - upset,
        hatch=_hatch(_WIDTH - upset),
    )


def _width(part_s: float, voice_s: float) -> int:
    """Return the part's width; what is there at all is seen."""
    if part_s <= 0 or voice_s <= 0:
        return 0
    return max(2, min(_WIDTH, round(_WIDTH * part_s / voice_s)))


def _hatch(left: int) -> str:
    return "".join(f"M{x} {_HEIGHT}l3-{_HEIGHT}" for x in range(left, _WIDTH - 2, _HATCH_STEP))
