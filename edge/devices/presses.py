"""What a button was pressed for: once, twice or long, told from when its contact closed and opened.

There is no clock here: whoever holds the button says when he looked at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Press = Literal["short", "double", "long"]
"""Pressed once; twice or more in quick succession; held."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PressTiming:
    """How long is long, in seconds."""

    bounce_s: float = 0.03
    """A contact counts as closed or open once it has stayed so: shorter is its bouncing, or a
    disturbance on a long cable."""
    double_gap_s: float = 0.4
    """Pressed again within this time it is one double press, and no two short ones."""
    hold_s: float = 2.0
    """Held so long it is a long press, which is known while it is still held."""


USUAL_TIMING: Final = PressTiming()


class PressClassifier:
    """Tells the kinds of presses apart.

    `change` is for each change of the contact. `look` must be called at `due_s` and may be called
    as often as one likes: looking in between changes nothing. Pressed and then held is a short
    press and a long one, both told when the second is known to be long. A button that is down at
    the beginning (wired wrongly, stuck) counts from when it is let go.

    Parameters
    ----------
    timing : PressTiming
        How long is long.
    is_down : bool
        Whether the contact is closed at the beginning.
    """

    def __init__(self, timing: PressTiming = USUAL_TIMING, *, is_down: bool = False) -> None:
        self._timing = timing
        self._is_down = is_down
        """What counts."""
        self._contact = is_down
        """What was seen last."""
        self._contact_since_s = 0.0
        self._changed_s = 0.0
        self._is_used_up = is_down
        """Whether the present press has been told as a long one."""
        self._n_clicks = 0
        """Presses that were let go and have not been told yet."""
        self._last_s = float("-inf")

    @property
    def due_s(self) -> float | None:
        """When it is to be looked at again at the latest; None if only a change can tell."""
        if self._contact != self._is_down:
            return self._contact_since_s + self._timing.bounce_s
        if self._is_down:
            return None if self._is_used_up else self._changed_s + self._timing.hold_s
        return self._changed_s + self._timing.double_gap_s if self._n_clicks else None

    def change(self, at_s: float, *, is_down: bool) -> list[Press]:
        """Take note that the contact has closed or opened; return what is known now.

        Parameters
        ----------
        at_s : float
            When; an earlier time than the last one counts as that one.
        is_down : bool
            Whether the contact is closed from now on.
        """
        at_s = self._last_s = max(at_s, self._last_s)
        presses = list(self._until(at_s))
        if is_down != self._contact:
            self._contact, self._contact_since_s = is_down, at_s
        return presses

    def look(self, at_s: float, *, is_down: bool) -> list[Press]:
        """Return what is known now, of a contact that is seen to be closed or not.

        If nobody has told that it opened, it may have done so long ago: it counts as a short press,
        so that a change that was lost never makes a long one.
        """
        if self._contact and not is_down:
            self.change(self._last_s, is_down=False)
        return self.change(at_s, is_down=is_down)

    def _until(self, at_s: float) -> Iterator[Press]:
        """Let time pass with the contact as it is."""
        if self._contact == self._is_down:
            yield from self._wait(at_s)
            return
        # It may be only bouncing: what is due after its change is not known before it has stayed.
        yield from self._wait(min(at_s, self._contact_since_s))
        if at_s >= self._contact_since_s + self._timing.bounce_s:
            self._settle()
            yield from self._wait(at_s)

    def _wait(self, at_s: float) -> Iterator[Press]:
        if self._is_down:
            if not self._is_used_up and at_s >= self._changed_s + self._timing.hold_s:
                yield from self._clicks()
                self._is_used_up = True
                yield "long"
        elif at_s >= self._changed_s + self._timing.double_gap_s:
            yield from self._clicks()

    def _settle(self) -> None:
        self._is_down, self._changed_s = self._contact, self._contact_since_s
        if self._is_down:
            self._is_used_up = False
        elif not self._is_used_up:
            self._n_clicks += 1

    def _clicks(self) -> Iterator[Press]:
        """Tell the presses before, if there were any; whoever hammers on it means "twice"."""
        n_clicks, self._n_clicks = self._n_clicks, 0
        if n_clicks:
            yield "short" if n_clicks == 1 else "double"
