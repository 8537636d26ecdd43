"""Many hosts: some at a time, canaries first, and a stop where one of those falls over."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, Protocol

from trainer.delivery.conversation import Step
from trainer.delivery.courier import Courier, Way
from trainer.delivery.inventory import Host
from trainer.delivery.outcomes import HostReport

_TICK_S: Final = 0.1

Errand = Callable[[Courier], HostReport]


class Watcher(Protocol):
    """Who is told how a push goes, always by the same thread."""

    def begin(self, hosts: Sequence[Host]) -> None:
        """Say who will be visited."""

    def tell(self, host: Host, step: Step) -> None:
        """Say that a host has come to a step."""

    def end(self, host: Host, report: HostReport) -> None:
        """Say what became of a host."""

    def tick(self) -> None:
        """Say that time goes by."""

    def clear(self) -> None:
        """Make place for the report."""


class Fleet:
    """Visits hosts and keeps what became of each.

    Parameters
    ----------
    hosts : sequence of Host
    way : Way
    watcher : Watcher
    n_parallel : int
        Hosts that are visited at once.
    """

    def __init__(
        self, hosts: Sequence[Host], *, way: Way, watcher: Watcher, n_parallel: int
    ) -> None:
        self._hosts = list(hosts)
        self._way = way
        self._watcher = watcher
        self._n_parallel = n_parallel
        self._stop = threading.Event()
        self._steps: queue.SimpleQueue[tuple[Host, Step]] = queue.SimpleQueue()
        self._begun: set[Host] = set()
        self._found: dict[Host, HostReport] = {}

    @property
    def reports(self) -> list[HostReport]:
        """One for each host, in their order: what is known so far."""
        return [self._found.get(host) or self._unknown(host) for host in self._hosts]

    def visit(self, errand: Errand, *, n_canaries: int = 0) -> list[HostReport]:
        """Visit all hosts and return the reports.

        Parameters
        ----------
        errand : callable
            What a courier shall do.
        n_canaries : int
            So many hosts come first. If one of them does not end well, no other is tried.

        Raises
        ------
        KeyboardInterrupt
            When every visit has been ended; `reports` says how far each came.
        """
        self._watcher.begin(self._hosts)
        canaries, rest = self._hosts[:n_canaries], self._hosts[n_canaries:]
        self._visit_all(canaries, errand)
        fallen = [report for report in self._found.values() if not report.is_good]
        if not fallen:
            self._visit_all(rest, errand)
        for host in rest if fallen else ():
            told = ", ".join(f"{report.host} ({report.outcome})" for report in fallen)
            self._keep(host, not_tried(host, f"the canary {told} did not take the model"))
        return self.reports

    def _visit_all(self, hosts: Sequence[Host], errand: Errand) -> None:
        if not hosts:
            return
        with ThreadPoolExecutor(self._n_parallel) as pool:
            visits = {pool.submit(self._visit, host, errand): host for host in hosts}
            try:
                self._follow(visits)
            except KeyboardInterrupt:
                self._stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                self._follow({v: host for v, host in visits.items() if not v.cancelled()})
                raise

    def _follow(self, visits: dict[Future[HostReport], Host]) -> None:
        """Hand on what happens until every visit has ended."""
        open_visits = {v for v, host in visits.items() if host not in self._found}
        while open_visits:
            ended, open_visits = wait(open_visits, timeout=_TICK_S)
            self._tell_steps()
            for visit in ended:
                self._keep(visits[visit], visit.result())
            self._watcher.tick()

    def _tell_steps(self) -> None:
        while not self._steps.empty():
            host, step = self._steps.get()
            self._begun.add(host)
            self._watcher.tell(host, step)

    def _unknown(self, host: Host) -> HostReport:
        if host not in self._begun:
            return not_tried(host, "the push ended before its turn")
        why = "the push was ended before it was known what became of it; ask it with --check"
        return HostReport(host=host.name, outcome="failed", why=why)

    def _keep(self, host: Host, report: HostReport) -> None:
        self._found[host] = report
        self._watcher.end(host, report)

    def _visit(self, host: Host, errand: Errand) -> HostReport:
        courier = Courier(
            host,
            way=self._way,
            tell=lambda step: self._steps.put((host, step)),
            stop=self._stop,
        )
        return errand(courier)


def not_tried(host: Host, why: str) -> HostReport:
    """Return the report of a host that was left alone."""
    return HostReport(host=host.name, outcome="not tried", why=why)
