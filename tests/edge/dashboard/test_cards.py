from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.app.models import bundled_model
from edge.contract.bundle import ModelBundle
from edge.dashboard.cards import Block, blocks_of

CARD = """\
# room 1

Eight emotions, from `log-mel`
spectra.

## Trained on
- **ravdess**: acted
  in Toronto
- nemo

| true | calm | sad |
|---|---:|:--|
| calm | 5 | 1 |
| sad | 0 | 7 |
"""


def test_a_card_is_read_piece_by_piece() -> None:
    assert blocks_of(CARD) == [
        Block(kind="title", lines=("room 1",)),
        Block(kind="text", lines=("Eight emotions, from log-mel spectra.",)),
        Block(kind="heading", lines=("Trained on",)),
        Block(kind="list", lines=("ravdess: acted in Toronto", "nemo")),
        Block(
            kind="table", head=("true", "calm", "sad"), rows=(("calm", "5", "1"), ("sad", "0", "7"))
        ),
    ]


def test_the_bundled_card_has_its_figures_in_a_table() -> None:
    blocks = blocks_of(ModelBundle.load(bundled_model()).model_card)
    tables = [block for block in blocks if block.kind == "table"]
    assert any("ravdess" in row for table in tables for row in table.rows)
    assert all(len(row) == len(table.head) for table in tables for row in table.rows)
    assert "Limits" in {line for block in blocks if block.kind == "heading" for line in block.lines}


@given(st.text(alphabet="#-| *`ab\n:", max_size=200))
def test_any_text_is_a_card(text: str) -> None:
    words = {word for block in blocks_of(text) for word in "".join(block.lines).split()}
    assert all(set(word) <= set("#-|:*`ab") for word in words)
