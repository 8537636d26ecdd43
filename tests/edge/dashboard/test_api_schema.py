"""Schemathesis asks whatever the description allows, and what it does not, with every check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import strategies as st

from edge.dashboard.api.description import FILE
from tests.edge.dashboard.test_api import wav
from tests.fakes.dashboard import House, a_house
from tests.support import need

try:
    import schemathesis
except ImportError:
    schemathesis = None

N_EXAMPLES = 8

answers: dict[str, Counter[int]] = {}


@pytest.fixture(scope="module")
def api_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with a_house(tmp_path_factory.mktemp("api")) as house:
        yield house


class LateApp:
    """The application of a house that is built only when tests run."""

    house: House

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.house.app(environ, start_response)


if schemathesis is None:

    def test_the_api_keeps_what_its_description_promises() -> None:
        need(condition=False, reason="schemathesis, which comes with the trainer's side")

else:
    for kind in ("audio/wav", "audio/x-wav", "audio/flac", "audio/x-flac"):
        schemathesis.openapi.media_type(kind, st.just(wav(seconds=0.1)))

    schema = schemathesis.openapi.from_path(
        FILE,
        config=schemathesis.Config.from_dict({"generation": {"max-examples": N_EXAMPLES}}),
    ).exclude(path="/live")  # it has no end; test_server.py listens to it
    schema.app = LateApp()

    @schema.parametrize()
    def test_the_api_keeps_what_its_description_promises(case: Any, api_house: House) -> None:
        schema.app.house = api_house
        response = case.call_and_validate(headers=api_house.program("administer"))
        key = case.operation.label
        answers.setdefault(key, Counter())[response.status_code] += 1


def test_every_operation_has_answered_well() -> None:
    need(answers, "schemathesis, which comes with the trainer's side")
    unwell = [key for key, codes in answers.items() if not codes[200]]
    assert not unwell
    assert len(answers) > 15
