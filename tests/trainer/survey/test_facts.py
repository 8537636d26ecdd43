"""The JSON of a survey: everything, in plain values."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.surveys import corpus, examined, survey
from trainer.survey.facts import facts_of
from trainer.survey.faults import findings
from trainer.survey.scan import Survey


def facts(surveyed: Survey) -> dict[str, Any]:
    return json.loads(json.dumps(facts_of(surveyed, findings(surveyed)), allow_nan=False))


def test_every_file_of_a_long_list_is_there() -> None:
    files = [f"home/{number:03}.wav" for number in range(100)]
    told = facts(survey(corpus(*(examined(file, peak=0.0) for file in files))))
    (silent,) = [f for f in told["findings"] if f["kind"] == "silent"]
    assert [entry["subject"] for entry in silent["entries"]] == files
    assert told["counts"] == {"fault": 100, "warning": 1, "note": 0}


def test_corpus_in_numbers() -> None:
    items = [
        examined("a", speaker="anna", n_samples=16000),
        examined("b", speaker="anna", n_samples=48000, n_channels=2),
        examined("c", speaker="ben", emotion="happy", trouble="lost sync"),
    ]
    (told,) = facts(survey(corpus(*items, emotions=("happy", "sad"))))["corpora"]
    recordings = told.pop("recordings")
    assert told == {
        "name": "home",
        "title": "Home",
        "emotions": ["happy", "sad"],
        "n_clips": 3,
        "n_speakers": 2,
        "duration": {"least_s": 1.0, "median_s": 2.0, "most_s": 3.0, "total_s": 4.0},
        "sample_rates_hz": {"16000": 2},
        "channels": {"1": 1, "2": 1},
        "clips": {"anna": {"happy": 0, "sad": 2}, "ben": {"happy": 1, "sad": 0}},
    }
    assert [r["file"] for r in recordings] == ["a", "b", "c"]
    assert recordings[0]["duration_s"] == 1.0
    assert recordings[2]["trouble"] == "lost sync"


def test_corpus_that_cannot_be_decoded_has_no_duration() -> None:
    (told,) = facts(survey(corpus(examined("a", trouble="lost sync"))))["corpora"]
    assert told["duration"] is None


def test_copies_name_each_other() -> None:
    items = [examined(file, content="x") for file in ("a", "b", "c")]
    told = facts(survey(corpus(*items)))["findings"]
    (copies,) = [f["entries"] for f in told if f["kind"] == "duplicate"]
    assert copies == [{"subject": "a", "same_as": ["b", "c"]}]
