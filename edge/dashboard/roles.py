"""Who may do what: looking is less than acknowledging, acknowledging less than administering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar, get_args

Role = Literal["look", "acknowledge", "administer"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""From the least to the most."""

EVERYBODY: Final = ""
"""What a view needs that answers without a log-in."""

View = TypeVar("View", bound=Callable[..., Any])

_MARK: Final = "needed_role"


def reaches(role: str, wanted: str) -> bool:
    """Return whether somebody of a role may do what another role may."""
    known: tuple[str, ...] = ROLES
    return role in known and known.index(role) >= known.index(wanted)


def needs(role: Role) -> Callable[[View], View]:
    """Mark a view as one for people of this role and above; `edge.dashboard.gate` sees to it."""
    return _marked(role)


def open_to_all(view: View) -> View:
    """Mark a view that answers without a log-in."""
    return _marked(EVERYBODY)(view)


def needed_role(view: Callable[..., Any]) -> str | None:
    """Return the mark of a view; None where somebody forgot it, which the gate refuses."""
    return getattr(view, _MARK, None)


def _marked(role: str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, _MARK, role)
        return view

    return mark
