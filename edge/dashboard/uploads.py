"""Requests that never touch the disk, and are small but where a view takes a recording."""

from __future__ import annotations

from io import BytesIO
from typing import IO, Any, Final, TypeVar

from flask import Request, current_app

SMALL_BYTES: Final = 2**16
"""Longest body of an ordinary request."""
RECORDING_BYTES: Final = 20 * 10**6
"""Longest recording."""
_FORM_BYTES: Final = 2**14
"""What a form may add to the recording in it."""
_N_PARTS: Final = 50

View = TypeVar("View")
_MARK: Final = "takes_recordings"


def takes_recordings(view: View) -> View:
    """Mark a view as one that takes a recording in the body or in a form."""
    setattr(view, _MARK, True)
    return view


class MemoryRequest(Request):
    """See the module's text: a voice that was written to a temporary file could be found there."""

    # Werkzeug reads 64 KiB at a time, and counts what it has not yet told apart.
    max_form_memory_size = 4 * SMALL_BYTES
    max_form_parts = _N_PARTS

    @property  # type: ignore[misc] # nobody sets it
    def max_content_length(self) -> int | None:  # type: ignore[override]
        """Longest body of this request; a longer one is refused with 413."""
        view = current_app.view_functions.get(self.endpoint or "")
        return RECORDING_BYTES + _FORM_BYTES if hasattr(view, _MARK) else SMALL_BYTES

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return BytesIO()
