"""The precisions in which a network is kept; apart, so that a command line need not load Keras."""

from __future__ import annotations

from typing import Final

PRECISIONS: Final = ("float32", "float16", "dynamic", "int8")
"""From the most exact to the one that suits the smallest processors."""
