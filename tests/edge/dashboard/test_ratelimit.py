from __future__ import annotations

import pytest

from edge.dashboard import ratelimit
from edge.dashboard.ratelimit import FIRST_WAIT_S, LONGEST_WAIT_S, N_FREE, Brake


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def brake(clock: Clock) -> Brake:
    return Brake(monotonic_s=clock)


def fail(brake: Brake, n: int, *, address: str = "1.2.3.4", name: str = "anna") -> None:
    for _ in range(n):
        brake.failed(address=address, name=name)


def test_the_first_mistakes_are_free(brake: Brake) -> None:
    fail(brake, N_FREE - 1)
    assert brake.wait_s(address="1.2.3.4", name="anna") == 0
    fail(brake, 1)
    assert brake.wait_s(address="1.2.3.4", name="anna") == FIRST_WAIT_S


@pytest.mark.parametrize(
    ("address", "name", "waits"),
    [
        ("1.2.3.4", "otto", True),  # the address tries other names
        ("5.6.7.8", "ANNA", True),  # many addresses try one name
        ("5.6.7.8", "otto", False),
    ],
)
def test_address_and_name_count_each_for_itself(
    brake: Brake, address: str, name: str, waits: bool
) -> None:
    fail(brake, N_FREE)
    assert bool(brake.wait_s(address=address, name=name)) == waits


def test_each_failure_doubles_the_wait_up_to_a_limit(brake: Brake) -> None:
    waits = []
    for _ in range(40):
        fail(brake, 1)
        waits.append(brake.wait_s(address="1.2.3.4", name="anna"))
    after = waits[N_FREE - 1 :]
    assert after[:4] == [FIRST_WAIT_S * 2**n for n in range(4)]
    assert after[-1] == LONGEST_WAIT_S


def test_the_wait_passes_and_is_forgotten(brake: Brake, clock: Clock) -> None:
    fail(brake, N_FREE + 2)
    clock.now += FIRST_WAIT_S * 4 - 0.5
    assert brake.wait_s(address="1.2.3.4", name="anna") == pytest.approx(0.5)
    clock.now += 1
    assert brake.wait_s(address="1.2.3.4", name="anna") == 0
    fail(brake, 1)
    assert brake.wait_s(address="1.2.3.4", name="anna") == FIRST_WAIT_S * 8
    clock.now += ratelimit.FORGOTTEN_AFTER_S + 1
    fail(brake, 1)
    assert brake.wait_s(address="1.2.3.4", name="anna") == 0


def test_who_knows_the_password_begins_anew(brake: Brake) -> None:
    fail(brake, N_FREE + 5)
    brake.succeeded(address="1.2.3.4", name="Anna")
    assert brake.wait_s(address="1.2.3.4", name="anna") == 0


def test_it_remembers_only_so_many(brake: Brake) -> None:
    fail(brake, N_FREE)
    for n in range(5000):
        brake.failed(address=f"host {n}", name=f"name {n}")
    assert len(brake._failures) <= 2000
