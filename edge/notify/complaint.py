"""Something that does not work is said once, and once more when it works again."""

from __future__ import annotations

import logging
from typing import Final

_LOG: Final = logging.getLogger(__name__)


class Complaint:
    """The trouble with one thing.

    Parameters
    ----------
    subject : str
        How lines in the log begin: the name of the channel.
    """

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._said: set[str] = set()
        self.text = ""
        """The sentence; empty while all is well."""

    def say(self, sentence: str) -> None:
        """Say what is wrong, unless it was said already since all was well."""
        if sentence not in self._said:
            _LOG.warning("%s: %s", self._subject, sentence)
        self._said.add(sentence)
        self.text = sentence

    def over(self) -> None:
        """Say that it works again, if anything was wrong."""
        if self.text:
            _LOG.warning("%s: works again", self._subject)
        self._said.clear()
        self.text = ""
