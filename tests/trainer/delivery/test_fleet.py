"""Many hosts: all of them, some at a time, canaries first, and an end by Ctrl-C."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Sequence

import pytest

from tests.trainer.delivery.conftest import QUICK, Devices
from trainer.delivery import outcomes
from trainer.delivery.conversation import Step
from trainer.delivery.courier import Courier
from trainer.delivery.fleet import Fleet
from trainer.delivery.inventory import Host
from trainer.delivery.offer import Offer
from trainer.delivery.outcomes import HostReport


class Notebook:
    """Notes what a watcher is told, and by whom."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.threads: set[threading.Thread] = set()

    def begin(self, hosts: Sequence[Host]) -> None:
        self.told.append(("", f"{len(hosts)} hosts"))

    def tell(self, host: Host, step: Step) -> None:
        self.threads.add(threading.current_thread())
        self.told.append((host.name, step.name))

    def end(self, host: Host, report: HostReport) -> None:
        self.threads.add(threading.current_thread())
        self.told.append((host.name, report.outcome))

    def tick(self) -> None:
        pass

    def clear(self) -> None:
        pass


def fleet_of(hosts: Sequence[Host], watcher: Notebook, *, n_parallel: int = 8) -> Fleet:
    return Fleet(hosts, way=QUICK, watcher=watcher, n_parallel=n_parallel)


def outcomes_of(reports: Sequence[HostReport]) -> list[str]:
    return [report.outcome for report in reports]


def test_reports_come_in_the_order_of_the_hosts(devices: Devices, offer: Offer) -> None:
    behaviours = [{"trial_s": 0.5}, {"verdict": "refused"}, {}, {"exit": 2}]
    hosts = [devices.add(f"pi{i}", **b) for i, b in enumerate(behaviours)]
    notebook = Notebook()
    reports = fleet_of(hosts, notebook).visit(lambda courier: courier.deliver(offer))
    assert [report.host for report in reports] == ["pi0", "pi1", "pi2", "pi3"]
    assert outcomes_of(reports) == ["changed", "refused", "changed", "failed"]
    assert notebook.threads == {threading.main_thread()}
    assert notebook.told[-1] == ("pi0", "changed")


def test_no_more_than_so_many_at_once() -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def errand(courier: Courier) -> HostReport:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.05)
        with lock:
            under_way -= 1
        return HostReport(host="x", outcome="changed", why="")

    hosts = [Host(name=str(i), destination=str(i)) for i in range(9)]
    fleet_of(hosts, Notebook(), n_parallel=3).visit(errand)
    assert most == 3


@pytest.mark.parametrize("verdict", ["refused", "rolled back", "failed"])
def test_a_fallen_canary_saves_the_others(verdict: str, devices: Devices, offer: Offer) -> None:
    hosts = [devices.add("a"), devices.add("b", verdict=verdict), devices.add("c")]
    reports = fleet_of(hosts, Notebook()).visit(lambda c: c.deliver(offer), n_canaries=2)
    assert outcomes_of(reports) == ["changed", verdict, "not tried"]
    assert reports[2].why == f"the canary b ({verdict}) did not take the model"
    assert not (devices.folder / "c" / "visits").exists()


@pytest.mark.parametrize("n_canaries", [1, 3, 7])
def test_canaries_that_sing_let_the_others_follow(
    n_canaries: int, devices: Devices, offer: Offer
) -> None:
    hosts = [devices.add("a"), devices.add("b", at_once="unchanged"), devices.add("c")]
    notebook = Notebook()
    reports = fleet_of(hosts, notebook).visit(lambda c: c.deliver(offer), n_canaries=n_canaries)
    assert outcomes_of(reports) == ["changed", "unchanged", "changed"]
    if n_canaries == 1:
        assert notebook.told.index(("a", "changed")) < notebook.told.index(("b", "connecting"))


def test_ctrl_c_ends_all_visits_and_keeps_the_reports(devices: Devices, offer: Offer) -> None:
    hosts = [devices.add("a"), devices.add("b", trial_s=60), devices.add("c")]
    notebook = Notebook()
    fleet = fleet_of(hosts, notebook, n_parallel=1)
    tell, interrupted = notebook.tell, []

    def tell_and_interrupt(host: Host, step: Step) -> None:
        tell(host, step)
        if (host.name, step.name) == ("b", "trial") and not interrupted:
            interrupted.append(host)
            _thread.interrupt_main()

    notebook.tell = tell_and_interrupt
    with pytest.raises(KeyboardInterrupt):
        fleet.visit(lambda courier: courier.deliver(offer))
    assert outcomes_of(fleet.reports) == ["changed", "failed", "not tried"]
    assert "the device may have switched" in fleet.reports[1].why
    assert not (devices.folder / "c" / "visits").exists()


def test_a_second_ctrl_c_does_not_make_up_what_became_of_a_host() -> None:
    def errand(courier: Courier) -> HostReport:
        courier._tell(Step(name="trial", text=""))
        threading.Event().wait(0.5)
        return HostReport(host="a", outcome="changed", why="")

    notebook = Notebook()
    notebook.tell = lambda *_: _thread.interrupt_main()
    notebook.tick = _thread.interrupt_main
    fleet = fleet_of([Host(name=name, destination=name) for name in "ab"], notebook, n_parallel=1)
    with pytest.raises(KeyboardInterrupt):
        fleet.visit(errand)
    assert outcomes_of(fleet.reports) == ["failed", "not tried"]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (["changed", "unchanged"], None),
        (["changed", "refused"], 65),
        (["refused", "rolled back"], 75),
        (["unreachable", "rolled back", "refused"], 69),
        (["failed", "unreachable", "changed"], 74),
        (["rolled back", "not tried", "not tried"], 75),
        (["unreachable", "not tried"], 69),
        (["not tried"], 74),
    ],
)
def test_the_worst_decides_about_the_exit_code(found: list[str], code: int | None) -> None:
    reports = [HostReport(host=f"h{i}", outcome=o, why="") for i, o in enumerate(found)]
    error = outcomes.error_of(reports, subject="room 2")
    assert (error.exit_code if error else None) == code
    if error:
        n_bad = sum(not report.is_good for report in reports)
        hosts = "1 host" if len(found) == 1 else f"{len(found)} hosts"
        assert f"{n_bad} of {hosts} without room 2: " in str(error)
