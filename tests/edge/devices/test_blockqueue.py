"""The bounded queue: what is dropped is counted, and told where it is missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.devices.blockqueue import BlockQueue, RawBlock


def _block(*, n_frames: int, n_lost: int = 0) -> RawBlock:
    return RawBlock(raw=bytes(n_frames), n_frames=n_frames, n_lost=n_lost)


def test_a_full_queue_drops_the_oldest_and_says_so_at_the_gap() -> None:
    queue = BlockQueue(n_blocks=2)
    for n_frames in (10, 20, 30, 40):
        queue.put(_block(n_frames=n_frames))
    assert queue.get(timeout_s=0) == _block(n_frames=30, n_lost=10 + 20)
    assert queue.get(timeout_s=0) == _block(n_frames=40)


def test_an_empty_queue_gives_nothing() -> None:
    assert BlockQueue(n_blocks=2).get(timeout_s=0.001) is None


@given(
    n_blocks=st.integers(1, 5),
    actions=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)) | st.none(), max_size=60),
)
def test_every_frame_comes_out_or_is_counted(
    n_blocks: int, actions: list[tuple[int, int] | None]
) -> None:
    queue = BlockQueue(n_blocks=n_blocks)
    n_in = n_out = 0
    for action in actions:
        if action is None:
            block = queue.get(timeout_s=0)
            n_out += block.n_frames + block.n_lost if block else 0
        else:
            queue.put(_block(n_frames=action[0], n_lost=action[1]))
            n_in += sum(action)
    while block := queue.get(timeout_s=0):
        n_out += block.n_frames + block.n_lost
    assert n_out == n_in
