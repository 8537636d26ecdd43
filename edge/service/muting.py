"""Mute: the microphone is closed, not ignored, and stays closed over a restart."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from edge.config.places import Places
from edge.errors import AudioDeviceError
from edge.record.care import Action
from edge.record.moments import Clock, rfc3339
from edge.service.happenings import Happening
from edge.service.protocol import Answer
from edge.store import durable
from edge.stream.blocks import AudioBlock

MARK_FILE: Final = "muted"


class MuteMark:
    """The file that says that the microphone is not to be opened.

    Whatever keeps us from knowing counts as muted: a room is rather not heard than against its
    people's will.

    Parameters
    ----------
    folder : Path
        The state directory.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / MARK_FILE

    @property
    def is_set(self) -> bool:
        """Whether the microphone is muted."""
        try:
            self._path.lstat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def set(self, *, who: str, since: str) -> None:
        """Let it be muted from now on, also after a power cut.

        Raises
        ------
        OSError
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        words = json.dumps({"who": who, "since": since}, ensure_ascii=False) + "\n"
        durable.write_file(self._path, words.encode())

    def clear(self) -> None:
        """Let it be muted no more.

        Raises
        ------
        OSError
        """
        self._path.unlink(missing_ok=True)
        durable.sync_folder(self._path.parent)


def refuse_while_muted(places: Places) -> None:
    """Let no other program of ours open a microphone that somebody has muted.

    Raises
    ------
    AudioDeviceError
    """
    if MuteMark(places.state_directory()).is_set:
        raise AudioDeviceError("the microphone is muted; `ser-edge unmute` opens it")


class MutedSource:
    """What is listened to while the microphone is closed: nothing comes.

    Parameters
    ----------
    sleep : callable
    """

    name = "the microphone, which is muted"
    fault: str | None = None

    def __init__(self, *, sleep: Callable[[float], object] = time.sleep) -> None:
        self._sleep = sleep

    def read(self, *, timeout_s: float) -> AudioBlock | None:
        """Wait as long as a microphone may."""
        self._sleep(timeout_s)
        return None

    def close(self) -> None:
        """Nothing is open."""


class MuteSwitch:
    """Closes the microphone and opens it again, within the loop.

    Parameters
    ----------
    mark : MuteMark
    clock : Clock
    shut : callable
        Listens to nothing from now on, with the microphone closed; returns what follows.
    listen : callable
        Opens the microphone again.
    is_muted : bool
        Whether nothing is listened to already.
    """

    def __init__(
        self,
        mark: MuteMark,
        *,
        clock: Clock,
        shut: Callable[[], Sequence[Happening]],
        listen: Callable[[], None],
        is_muted: bool,
    ) -> None:
        self.is_muted = is_muted
        self._mark = mark
        self._clock = clock
        self._shut = shut
        self._listen = listen

    def mute(self, *, who: str) -> tuple[Answer, Sequence[Happening]]:
        """Close the microphone, whatever else may fail."""
        if self.is_muted:
            return Answer(), ()
        try:
            ended = self._shut()
        finally:
            self.is_muted = True
            warning = self._marked(who)
        return Answer(warning=warning), [*ended, Action(action="muted", who=who)]

    def unmute(self, *, who: str) -> tuple[Answer, Sequence[Happening]]:
        """Open the microphone again."""
        if not self.is_muted:
            return Answer(), ()
        warning = ""
        try:
            self._mark.clear()
        except OSError as error:
            warning = (
                "the microphone is opened, but it will be muted at the next start: "
                f"{error.strerror}: {error.filename}"
            )
        self._listen()
        self.is_muted = False
        return Answer(warning=warning), [Action(action="unmuted", who=who)]

    def _marked(self, who: str) -> str:
        """Set the mark; return what is to be said where that fails."""
        try:
            self._mark.set(who=who, since=rfc3339(self._clock.now()))
        except OSError as error:
            return (
                "the microphone is closed, but it will be opened again at the next start: "
                f"{error.strerror}: {error.filename}"
            )
        return ""

    def follow_mark(self) -> Sequence[Happening]:
        """Do what another process of this machine was told."""
        if self._mark.is_set == self.is_muted:
            return ()
        happenings: Sequence[Happening] = ()
        if self.is_muted:
            self._listen()
        else:
            happenings = self._shut()
        self.is_muted = not self.is_muted
        return happenings
