"""The networks are those of the papers: layers, sizes and numbers of weights as published."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trainer import recipe

pytest.importorskip("keras")

from trainer.fitting.networks import build_for
from trainer.models import BUILDERS, build

VECTOR = (7,)
IMAGE = (32, 12, 1)

SMALL: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "mlp": (VECTOR, {"hidden": [5, 4], "dropout": [0.5, 0.0], "l2": 0.1, "activation": "tanh"}),
    "cnn1d": (VECTOR, {"filters": [3, 4], "kernel": 3, "pool": 2, "dense": 5}),
    "cnn2d": (
        IMAGE,
        {
            "convolutions": [[3, 3], [4, 2]],
            "dropout": 0.2,
            "pooling_end": "average",
            "dense": [6],
        },
    ),
    "ds-cnn": (IMAGE, {"filters": 4, "n_blocks": 2, "dropout": [0.2, 0.4], "l2": 1e-4}),
    "tc-resnet": (IMAGE, {"filters": [4, 4, 6], "kernel": 9, "dropout": 0.5, "l2": 1e-3}),
    "light-sernet": (IMAGE, {"filters": [2, 3, 4, 5, 6, 7], "dropout": 0.3, "l2": 1e-6}),
    "melconv": (
        IMAGE,
        {"filters": [3, 4], "kernels": [3, 3], "strides": [[2, 2], [1, 1]], "dropout": 0.3},
    ),
}


def layers_of(name: str, kind: str) -> list[Any]:
    model = build_for(recipe.load(name))
    return [layer for layer in model.layers if type(layer).__name__ == kind]


def test_every_network_is_tried() -> None:
    assert SMALL.keys() == BUILDERS.keys()


@pytest.mark.parametrize("name", sorted(SMALL))
def test_logits_of_any_size_come_out(name: str) -> None:
    shape, parameters = SMALL[name]
    model = build(name, input_shape=shape, n_classes=3, **parameters)
    inputs = np.random.default_rng(1).standard_normal((2, *shape)).astype(np.float32)
    logits = np.asarray(model(inputs))
    assert logits.shape == (2, 3)
    # No softmax: the logits do not sum to one.
    assert not np.allclose(logits.sum(axis=1), 1.0)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_the_other_shape_is_refused(name: str) -> None:
    shape, parameters = SMALL[name]
    other, remedy = (IMAGE, "pooled") if shape == VECTOR else (VECTOR, "image")
    with pytest.raises(ValueError, match=f'{name} takes .*layout.kind = "{remedy}"'):
        build(name, input_shape=other, n_classes=3, **parameters)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("mlp", {"dropout": [0.1]}, "hidden has 2 layers and dropout 1 shares"),
        ("mlp", {"hiden": [3]}, "hiden"),
        ("cnn2d", {"pooling_end": "mean"}, "'mean', expected flatten or average"),
        ("ds-cnn", {"dropout": [0.1]}, "dropout has 1 shares, expected 2"),
        ("light-sernet", {"filters": [1, 2]}, "filters are 2, expected 6"),
        ("melconv", {"kernels": [3]}, "2 filters, 1 kernels and 2 strides"),
    ],
)
def test_impossible_parameters_are_told(name: str, change: dict[str, Any], message: str) -> None:
    shape, parameters = SMALL[name]
    with pytest.raises((TypeError, ValueError), match=message):
        build(name, input_shape=shape, n_classes=3, **parameters | change)


def test_unknown_network_gets_a_suggestion() -> None:
    with pytest.raises(ValueError, match="no network is called 'dscnn', did you mean 'ds-cnn'"):
        build("dscnn", input_shape=IMAGE, n_classes=3)


@pytest.mark.parametrize(
    ("name", "n_weights"),
    [
        ("mlp-180", 429_768),
        ("mlp-300", 56_708),
        ("ann-mfcc40", 45_107),
        ("cnn2d-mfcc100", 44_344),
        ("light-sernet", 463_752),
    ],
)
def test_weights_are_as_many_as_in_the_peers_measured_before(name: str, n_weights: int) -> None:
    assert build_for(recipe.load(name)).count_params() == n_weights


def test_ds_cnn_is_that_of_the_benchmark() -> None:
    # mlcommons/tiny: 49 frames of 10 MFCC, 12 words.
    chosen = recipe.load("ds-cnn").model
    model = build(chosen.name, input_shape=(49, 10, 1), n_classes=12, **chosen.parameters)
    assert model.count_params() == 24_908


def test_tc_resnet_has_the_weights_of_the_paper() -> None:
    # Table 2: 66 thousand, for 98 frames of 40 MFCC and 12 words.
    chosen = recipe.load("tc-resnet").model
    model = build(chosen.name, input_shape=(98, 40, 1), n_classes=12, **chosen.parameters)
    assert round(model.count_params() / 1000) == 66


@pytest.mark.parametrize(
    ("name", "units", "shares"),
    [
        ("mlp-180", [512, 512, 128, 64, 8], [0.1, 0.1, 0.1]),
        ("mlp-180-gender", [512, 512, 128, 64, 2], [0.1, 0.1, 0.1]),
        ("mlp-centroid", [512, 512, 128, 64, 8], [0.1, 0.1, 0.1]),
        ("mlp-300", [300, 8], []),
        ("mlp-300-gender", [300, 2], []),
        ("ann-mfcc40", [100, 200, 100, 7], [0.5, 0.5, 0.5]),
        ("cnn1d-zcr-rms-a", [256, 6], []),
        ("cnn1d-zcr-rms-b", [128, 6], []),
        ("cnn1d-zcr-rms-c", [128, 6], []),
        ("cnn2d-mel-32-64", [128, 6], []),
        ("cnn2d-mel-64-128", [128, 6], []),
        ("cnn2d-mfcc100", [8], [0.2, 0.2, 0.2, 0.2]),
    ],
)
def test_dense_layers_and_dropout(name: str, units: list[int], shares: list[float]) -> None:
    assert [layer.units for layer in layers_of(name, "Dense")] == units
    assert [layer.rate for layer in layers_of(name, "Dropout")] == shares


@pytest.mark.parametrize(
    ("name", "filters", "kernel"),
    [
        ("cnn1d-zcr-rms-a", [32, 64, 128], (7,)),
        ("cnn1d-zcr-rms-b", [64, 128], (3,)),
        ("cnn1d-zcr-rms-c", [32, 64], (3,)),
        ("cnn2d-mel-32-64", [32, 64], (3, 3)),
        ("cnn2d-mel-64-128", [64, 128], (3, 3)),
        ("cnn2d-mfcc100", [16, 32, 64, 128], (2, 2)),
    ],
)
def test_convolutions_are_pooled_by_two(
    name: str, filters: list[int], kernel: tuple[int, ...]
) -> None:
    dimension = f"{len(kernel)}D"
    convolutions = layers_of(name, f"Conv{dimension}")
    assert [layer.filters for layer in convolutions] == filters
    assert {layer.kernel_size for layer in convolutions} == {kernel}
    pools = layers_of(name, f"MaxPooling{dimension}")
    assert len(pools) == len(filters)
    assert {layer.pool_size for layer in pools} == {(2,) * len(kernel)}


def test_light_sernet_begins_with_three_kernels_side_by_side() -> None:
    convolutions = layers_of("light-sernet", "Conv2D")
    assert {layer.kernel_size for layer in convolutions[:3]} == {(11, 1), (1, 9), (3, 3)}
    assert [layer.filters for layer in convolutions[3:]] == [64, 96, 128, 160, 320]


def test_penalty_of_mlp_300_is_that_of_scikit_learn() -> None:
    # alpha = 0.01, halved, and divided by a batch of 256: MLPClassifier's own formula.
    chosen = recipe.load("mlp-300")
    assert chosen.model.parameters["l2"] == pytest.approx(0.01 / 2 / chosen.learning.fit.batch_size)
    model = build_for(chosen)
    squares = sum(float(np.square(w).sum()) for w in model.get_weights() if w.ndim == 2)
    assert float(sum(model.losses)) == pytest.approx(0.01 / 2 * squares / 256, rel=1e-5)
