"""A recipe is read strictly, and every fault is told."""

from __future__ import annotations

import pytest

from edge.errors import ConfigError, NoInputError
from trainer import recipe
from trainer.corpora import CORPORA
from trainer.logmel import mel_power_spec

DEFAULT = recipe.read_text("default")


@pytest.mark.parametrize("name", recipe.names())
def test_recipes_of_the_program_can_be_read(name: str) -> None:
    found = recipe.load(name)
    assert {use.name for use in found.corpora} <= CORPORA.keys()
    assert mel_power_spec(found.features).n_features == found.features.n_features


def test_default_recipe_keeps_its_test_speakers() -> None:
    # The figures of docs/accuracy.md hold for these only.
    found = {use.name: use.test_speakers for use in recipe.load("default").corpora}
    assert found["ravdess"] == ("ravdess_17", "ravdess_18", "ravdess_19", "ravdess_20")
    assert found["emodb"] == ("emodb_11",)
    assert found["nemo"] == ("nemo_SM0",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("batch_size =", "batchsize =", "training.batchsize: unknown key, did you mean 'batch_s"),
        ("n_epochs = ", "n_epochs = -", "training.n_epochs: -.* out of bounds, expected at least"),
        ('kind = "logmel"', 'kind = "logmell"', "features.blocks.*'logmell' is unknown, did you"),
        ("hop_s = ", "hop = ", "decision.hop_s: missing"),
        ('calm = ["neutral"', 'calm = ["bored"', "unjudged names bored, which are no emotions"),
        ("fmax_hz = 7600.0", "fmax_hz = 9600.0", "the mel bank spans 50 to 9600 Hz"),
        ("[features]", "[features", "not valid TOML"),
    ],
)
def test_faults_are_told_with_their_place(old: str, new: str, message: str) -> None:
    assert old in DEFAULT
    with pytest.raises(ConfigError, match=message):
        recipe.parse(DEFAULT.replace(old, new), origin="test")


def test_all_faults_are_told_at_once() -> None:
    text = DEFAULT.replace("batch_size =", "batchsize =").replace("hop_s = ", "hop = ")
    with pytest.raises(ConfigError, match=r"training\.batchsize.*decision\.hop_s"):
        recipe.parse(text, origin="test")


def test_unknown_recipe_gets_a_suggestion() -> None:
    with pytest.raises(NoInputError, match="did you mean 'default'"):
        recipe.load("defualt")


def test_what_toml_cannot_say_is_none() -> None:
    chroma = '[[features.blocks]]\nkind = "chroma"\nn_chroma = 12\nspectrum = "power"\n\n'
    delta = (
        '[[features.blocks]]\nkind = "delta"\nwidth = 9\norder = 1\n'
        '[features.blocks.of]\nkind = "chroma"\nn_chroma = 12\nspectrum = "power"\n\n'
    )
    text = DEFAULT.replace("[[features.blocks]]", chroma + delta + "[[features.blocks]]", 1)
    first, second, logmel = recipe.parse(text, origin="text").features.blocks
    assert first == second.of
    assert first.tuning is None
    assert logmel.decibel.top_db is None
