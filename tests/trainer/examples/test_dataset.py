"""Which recordings take part, and in which part."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import ConfigError, NoInputError
from tests.fakes.specs import logmel_table, spec
from tests.support import data_dir, need
from trainer import recipe
from trainer.examples.dataset import non_voice_recordings
from trainer.examples.gather import divide
from trainer.features.logmel import mel_power_spec
from trainer.recipe.learning import RecordedNonVoice

DEFAULT = recipe.load("default")


def test_default_recipe_holds_its_speakers_out_of_speech_and_song() -> None:
    folder = data_dir()
    need((folder / "ravdess-song").is_dir(), "corpora of the default recipe")
    division = divide(DEFAULT, folder)
    split = division.split
    for part, names in (
        ("validation", {"ravdess_09", "ravdess_10", "emodb_08", "nemo_KD0"}),
        ("test", {f"ravdess_{n}" for n in (17, 18, 19, 20)} | {"emodb_11", "nemo_SM0"}),
    ):
        assert set(split.speakers(part)) == names
        assert not names & set(split.speakers("train"))
    assert "ravdess_17" in split.speakers("test", corpus="ravdess-song")
    assert len(division.left_out) == 59


@pytest.mark.parametrize(
    "source", DEFAULT.learning.non_voice.recorded, ids=lambda source: source.kind
)
def test_sounds_without_a_voice_are_kept_apart_for_the_test(
    source: RecordedNonVoice,
) -> None:
    need((data_dir() / source.folder).is_dir(), source.folder)
    parts = non_voice_recordings(source, data_dir())
    assert parts["train"]
    assert parts["test"]
    assert not set(parts["train"]) & set(parts["test"])
    names = [path.as_posix() for part in parts.values() for path in part]
    assert not [name for name in names if "baby" in name or "miaow" in name]


def test_missing_noise_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="no recordings of esc10"):
        non_voice_recordings(DEFAULT.learning.non_voice.recorded[0], tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"blocks": [logmel_table(), logmel_table()]},
        {"blocks": [{"kind": "mel", "mel": logmel_table()["mel"]}]},
        {"layout": {"kind": "pooled", "statistics": ["mean"], "window_s": 3.0}},
    ],
    ids=["two blocks", "no decibels", "pooled"],
)
def test_features_that_no_background_can_be_mixed_into_are_refused(changes: dict) -> None:
    with pytest.raises(ConfigError, match="cannot be trained on with backgrounds"):
        mel_power_spec(spec(**changes))
