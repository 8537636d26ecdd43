"""The outputs of the networks that are trained here."""

from __future__ import annotations

from typing import Final

from edge.contract.labels import EMOTIONS, NON_VOICE

LABELS: Final = (*EMOTIONS, NON_VOICE)
"""All emotions in their order, then the veto."""
