"""Lines of JSON to and from the other side of a push, over standard input and output."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from edge.errors import TransferError

_PIECE_BYTES: Final = 2**16


class Channel:
    """See the module's text.

    Parameters
    ----------
    input_descriptor, output_descriptor : int
        Open files of the system; both are used without buffers, so that nothing is lost in one.
    patience_s : float
        How long the other side may be silent while it owes something.
    """

    def __init__(
        self, input_descriptor: int, output_descriptor: int, *, patience_s: float = 60.0
    ) -> None:
        self._input = input_descriptor
        self._output = output_descriptor
        self._patience_s = patience_s
        self._waiting = b""
        self.needs_listener = True
        """Whether it is an error that nobody hears; from the switch on it is none any more."""

    def line(self, *, max_bytes: int) -> bytes:
        """Return the next line.

        Raises
        ------
        TransferError
            If there is none, or it is longer.
        """
        while b"\n" not in self._waiting:
            piece = self._read()
            if not piece or len(self._waiting) > max_bytes:
                raise TransferError(
                    f"the other side sent {len(self._waiting) + len(piece)} bytes and no whole "
                    "line; expected one line of JSON, as `ser-trainer push` sends it"
                )
            self._waiting += piece
        line, _, self._waiting = self._waiting.partition(b"\n")
        return line

    def pieces(self, n_bytes: int) -> Iterator[bytes]:
        """Yield `n_bytes` bytes as they come.

        Raises
        ------
        TransferError
            If there are fewer.
        """
        n_missing = n_bytes
        while n_missing:
            piece = self._waiting or self._read()
            if not piece:
                raise TransferError(
                    f"the connection ended {n_missing} bytes before the end of the model; "
                    "push it again: it goes on from there"
                )
            piece, self._waiting = piece[:n_missing], piece[n_missing:]
            n_missing -= len(piece)
            yield piece

    def say(self, **word: Any) -> None:
        """Write a line at once.

        Raises
        ------
        BrokenPipeError
            If nobody hears it and somebody should.
        """
        text = (json.dumps(word) + "\n").encode()
        try:
            while text:
                text = text[os.write(self._output, text) :]
        except OSError:
            if self.needs_listener:
                raise BrokenPipeError from None

    def say_last(self, **word: Any) -> None:
        """Write a line that nobody needs to hear."""
        with suppress(BrokenPipeError):
            self.say(**word)

    def _read(self) -> bytes:
        ready, _, _ = select.select([self._input], [], [], self._patience_s)
        if not ready:
            raise TransferError(
                f"nothing came for {self._patience_s:g} s; push it again: it goes on from there"
            )
        return os.read(self._input, _PIECE_BYTES)
