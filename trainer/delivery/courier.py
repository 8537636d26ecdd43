"""One host: as many attempts as make sense, and one report."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from trainer.delivery.complaints import Complaint, of_ssh, printable
from trainer.delivery.connection import Connection, InterruptedPush, SilentError
from trainer.delivery.conversation import (
    Answer,
    Conversation,
    Course,
    GoneError,
    Step,
    junk_of,
)
from trainer.delivery.inventory import Host
from trainer.delivery.offer import Offer
from trainer.delivery.outcomes import HostReport

_KEEPALIVE_S: Final = 15
_LONGEST_CONNECT_S: Final = 20
# Who has never answered is likely not there; who has answered will be there again.
_N_TRIES_UNKNOWN: Final = 2
_N_TRIES_KNOWN: Final = 5

Tell = Callable[[Step], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How hosts are reached."""

    ssh_options: tuple[str, ...] = ()
    """Of the user, each as after ``ssh -o``; they win over ours."""
    remote_command: str = "ser-edge model receive"
    patience_s: float = 180.0
    """For every word of a device's."""
    back_off_s: float = 1.0
    """Before the second attempt; each further one waits twice as long."""

    def command(self, host: Host) -> list[str]:
        """Return the command line that runs the remote command at a host."""
        ours = (
            # The first value of an option holds. BatchMode: nobody could answer for many hosts.
            "BatchMode=yes",
            *self.ssh_options,
            f"ConnectTimeout={min(_LONGEST_CONNECT_S, max(1, round(self.patience_s)))}",
            f"ServerAliveInterval={_KEEPALIVE_S}",
            "ServerAliveCountMax=3",
            "LogLevel=ERROR",  # without banners
            "RequestTTY=no",
            "RemoteCommand=none",
            "ControlMaster=no",  # a connection that is shared is used, but never ours
            "ClearAllForwardings=yes",
            "ForwardAgent=no",
            "ForwardX11=no",
        )
        options = [word for option in ours for word in ("-o", option)]
        return ["ssh", *options, "--", host.destination, self.remote_command]


class Courier:
    """Delivers to one host.

    Parameters
    ----------
    host : Host
    way : Way
    tell : callable
        Called with each step.
    stop : threading.Event
        Set when the push shall end.
    """

    def __init__(self, host: Host, *, way: Way, tell: Tell, stop: threading.Event) -> None:
        self._host = host
        self._way = way
        self._tell = tell
        self._stop = stop
        self._course = Course()
        self._n_attempts = 0
        self._was_greeted = False
        self._begun_s = time.monotonic()

    def deliver(self, offer: Offer) -> HostReport:
        """Push a model to the host and return what became of it."""
        return self._report(lambda talk: self._final(talk.deliver(offer)))

    def ask(self) -> HostReport:
        """Return what the host says of itself; nothing is changed there."""
        return self._report(self._described)

    def _report(self, errand: Callable[[Conversation], HostReport]) -> HostReport:
        try:
            found = self._try_again(errand)
        except InterruptedPush:
            found = self._failed("the push was interrupted; " + self._standing())
        return replace(
            found,
            device=self._course.device,
            n_sent=self._course.n_sent,
            n_attempts=self._n_attempts,
            duration_s=round(time.monotonic() - self._begun_s, 1),
        )

    def _try_again(self, errand: Callable[[Conversation], HostReport]) -> HostReport:
        n_vain = 0
        while True:
            had = self._course.have
            outcome = self._attempt(errand)
            if isinstance(outcome, HostReport):
                return outcome
            # A line that breaks often is good enough, as long as something comes through.
            n_vain = 1 if self._course.have > had else n_vain + 1
            n_tries = _N_TRIES_KNOWN if self._course.device else _N_TRIES_UNKNOWN
            if not outcome.is_passing or n_vain >= n_tries:
                return self._given_up(outcome)
            self._wait(self._way.back_off_s * 2 ** (n_vain - 1), outcome)

    def _attempt(self, errand: Callable[[Conversation], HostReport]) -> HostReport | Complaint:
        self._n_attempts += 1
        self._was_greeted = self._course.device is not None
        if self._n_attempts == 1:
            self._tell(Step(name="connecting", text="connecting"))
        with Connection(self._way.command(self._host), stop=self._stop) as connection:
            talk = Conversation(
                connection, course=self._course, patience_s=self._way.patience_s, tell=self._tell
            )
            try:
                return errand(talk)
            except SilentError:
                return self._silence()
            except GoneError:
                code, complaints = connection.ended()
                return self._parting(code, complaints)

    def _parting(self, exit_code: int, complaints: str) -> Complaint:
        if exit_code == 0 and self._course.junk:
            return self._complaint(
                f"{self._host.name} answers with something else than ser-edge: "
                f"{junk_of(self._course)!r}; check --remote-command and its authorized_keys"
            )
        return of_ssh(complaints, host=self._host.name, exit_code=exit_code)

    def _silence(self) -> Complaint:
        if self._course.junk and not self._course.device:
            return self._complaint(
                f"{self._host.name} printed {junk_of(self._course)!r} and then nothing more; "
                "let its .bashrc print only where a person sits at it"
            )
        return Complaint(
            sentence=f"{self._host.name} said nothing for {self._way.patience_s:g} s; "
            "look at it with `ssh`, or allow more with --timeout",
            outcome="failed" if self._course.device else "unreachable",
            is_passing=bool(self._course.device),
        )

    def _complaint(self, sentence: str) -> Complaint:
        return Complaint(sentence=sentence, outcome="failed", is_passing=False)

    def _given_up(self, complaint: Complaint) -> HostReport:
        why = complaint.sentence
        if self._course.is_sent:
            why = f"{why}; {self._standing()}"
        return HostReport(host=self._host.name, outcome=complaint.outcome, why=why)

    def _standing(self) -> str:
        """Return what holds on the device after a push that was not brought to its end."""
        # Its words may be lost on their way: what it has whole, it may have switched to.
        if self._course.is_sent:
            return (
                "the device may have switched, and goes on without us: ask it with "
                f"`ser-trainer push --check {self._host.name}`"
            )
        return "the device has its former model, and what was sent is kept for the next push"

    def _failed(self, why: str) -> HostReport:
        return HostReport(host=self._host.name, outcome="failed", why=why)

    def _final(self, answer: Answer) -> HostReport:
        outcome, why = answer.outcome, answer.why
        # An attempt before this one found another model: this push has changed it.
        if outcome == "unchanged" and self._was_greeted:
            outcome, why = "changed", f"{why} (the connection broke meanwhile)"
        return HostReport(
            host=self._host.name,
            outcome=outcome,
            why=why,
            model=answer.model,
            previous=answer.previous,
        )

    def _described(self, talk: Conversation) -> HostReport:
        device = talk.ask()
        return HostReport(host=self._host.name, outcome="answered", why=described(device))

    def _wait(self, wait_s: float, complaint: Complaint) -> None:
        cause = complaint.sentence.partition(";")[0]
        self._tell(Step(name="again", text=f"{cause}; tries again in {wait_s:g} s"))
        if self._stop.wait(wait_s):
            raise InterruptedPush


def described(device: dict[str, object]) -> str:
    """Return in one sentence what a device says of itself."""
    model = device.get("model")
    named = f"{model.get('name')} {model.get('version')}" if isinstance(model, dict) else "bundled"
    return printable(
        f"model {named}, service {device.get('service', 'unknown')}, "
        f"ser-edge {device.get('version', '?')} with {device.get('runtime') or 'no runtime'} "
        f"on {device.get('machine', '?')}"
    )
