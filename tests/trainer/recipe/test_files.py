"""A recipe is read strictly, and every fault is told."""

from __future__ import annotations

import pytest

from edge.errors import ConfigError, NoInputError
from trainer import recipe
from trainer.recipe.schema import NamedSpeakers

DEFAULT = recipe.read_text("default")
CLIPS = recipe.read_text("mlp-180")


def test_default_recipe_keeps_its_test_speakers() -> None:
    # The figures of docs/accuracy.md hold for these only.
    split = recipe.load("default").split
    assert isinstance(split, NamedSpeakers)
    assert split.test == (
        *(f"ravdess_{actor}" for actor in (17, 18, 19, 20)),
        "emodb_11",
        "nemo_SM0",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("batch_size =", "batchsize =", "fit.batchsize: unknown key, did you mean 'batch_size'"),
        ("n_epochs = ", "n_epochs = -", "fit.n_epochs: -.* out of bounds, expected at least"),
        ('kind = "logmel"', 'kind = "logmell"', "features.blocks.*'logmell' is unknown, did you"),
        ("hop_s = ", "hop = ", "decision.hop_s: missing"),
        ('calm = ["neutral"', 'calm = ["bored"', "unjudged names bored, which are no emotions"),
        ("fmax_hz = 7600.0", "fmax_hz = 9600.0", "the mel bank spans 50 to 9600 Hz"),
        ("[features]", "[features", "not valid TOML"),
        ('kind = "windows"', 'kind = "window"', "learning.kind: 'window' is unknown, did you mean"),
        ('kind = "named"', 'kind = "name"', "split.kind: 'name' is unknown, did you mean 'named'"),
        ("[[published_splits]]", "[[published]]", "published_splits: missing"),
    ],
)
def test_faults_are_told_with_their_place(old: str, new: str, message: str) -> None:
    assert old in DEFAULT
    with pytest.raises(ConfigError, match=message):
        recipe.parse(DEFAULT.replace(old, new), origin="test")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "waveform = []",
            'waveform = [{kind = "gain", probability = 1.0, range_db = [0.0, 6.0]}]',
            "waveform is given, but n_copies is 0",
        ),
        ('"constant"\nweight', '"constnt"\nweight', "schedule: 'constnt' is not possible, did"),
        ('balance = "none"', 'balance = "non"', "balance: 'non' is not possible, did you mean"),
        ('["mean"]', '["meen"]', "the statistic 'meen' is unknown"),
        ('["calm", "happy"', '["happy", "calm"', "labels are happy, calm, .* in this order"),
        ("seed = 7", "seed = 7.5", "seed"),
    ],
)
def test_faults_of_a_recipe_of_clips_are_told(old: str, new: str, message: str) -> None:
    assert old in CLIPS
    with pytest.raises(ConfigError, match=message):
        recipe.parse(CLIPS.replace(old, new), origin="test")


def test_all_faults_are_told_at_once() -> None:
    text = DEFAULT.replace("batch_size =", "batchsize =").replace("hop_s = ", "hop = ")
    with pytest.raises(ConfigError, match=r"learning\.fit\.batchsize.*decision\.hop_s"):
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
