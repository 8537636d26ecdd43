"""Specifications and bundles for tests."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np

from edge.contract.golden import GoldenCase
from edge.contract.labels import EMOTIONS, NON_VOICE
from edge.contract.manifest import DecisionProposal, Manifest, Operator, TensorInfo
from edge.contract.spec import FeatureSpec

FLATBUFFER = b"\x1c\x00\x00\x00TFL3" + bytes(range(256))
"""Passes for a TFLite model until an interpreter looks at it."""


def spec_table(**changes: Any) -> dict[str, Any]:
    table = {
        "sample_rate_hz": 16000,
        "framing": {
            "n_fft": 512,
            "win_length": 512,
            "hop_length": 250,
            "window": "hann",
            "padding": "none",
        },
        "blocks": [logmel_table()],
        "layout": {"kind": "image", "n_frames": 192},
        "norm": {"kind": "none"},
    }
    return table | changes


def logmel_table(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "logmel",
        "mel": {
            "n_mels": 64,
            "fmin_hz": 50.0,
            "fmax_hz": 7600.0,
            "scale": "slaney",
            "norm": "slaney",
        },
        "decibel": {"amin": 1e-10, "ref": "one", "top_db": None},
    } | changes


_MFCC = {**logmel_table(), "kind": "mfcc", "n_mfcc": 13, "lifter": 0}
_CLIP_DECIBEL = {"amin": 1e-10, "ref": "max", "top_db": 80.0}
_CHROMA = {"kind": "chroma", "n_chroma": 12, "spectrum": "power", "tuning": 0.0}
_CONTRAST = {"kind": "contrast", "fmin_hz": 200.0, "n_bands": 5, "quantile": 0.02, "linear": True}
_HTK = {"n_mels": 30, "fmin_hz": 0.0, "fmax_hz": 4000.0, "scale": "htk", "norm": "none"}

BLOCKS: dict[str, dict[str, Any]] = {
    "logmel": logmel_table(),
    "logmel, clip decibel": logmel_table(decibel=_CLIP_DECIBEL),
    "mel": {"kind": "mel", "mel": logmel_table()["mel"]},
    "mel, HTK": {"kind": "mel", "mel": _HTK},
    "mfcc": _MFCC,
    "mfcc, all, lifted, HTK": _MFCC | {"mel": _HTK, "n_mfcc": 30, "lifter": 22},
    "chroma": _CHROMA,
    "chroma of magnitudes": _CHROMA | {"spectrum": "magnitude", "tuning": 0.25},
    "chroma, tuned": _CHROMA | {"tuning": None},
    "chroma of magnitudes, tuned": _CHROMA | {"spectrum": "magnitude", "tuning": None},
    "zcr": {"kind": "zcr", "threshold": 1e-10, "zero_pos": True},
    "zcr with a threshold": {"kind": "zcr", "threshold": 1e-3, "zero_pos": False},
    "rms": {"kind": "rms"},
    "centroid": {"kind": "centroid"},
    "bandwidth": {"kind": "bandwidth", "p": 2.0},
    "bandwidth, p 1.5": {"kind": "bandwidth", "p": 1.5},
    "rolloff": {"kind": "rolloff", "percent": 0.85},
    "contrast": _CONTRAST | {"linear": False},
    "contrast, linear": _CONTRAST,
    "flatness": {"kind": "flatness", "amin": 1e-10, "power": 2.0},
    "pitch": {
        "kind": "pitch",
        "fmin_hz": 80.0,
        "fmax_hz": 500.0,
        "trough_threshold": 0.1,
        "voicing_threshold": 0.2,
        "voicing_rms": 1e-4,
    },
    "delta": {"kind": "delta", "of": _MFCC, "width": 9, "order": 1},
    "delta of delta": {"kind": "delta", "of": _MFCC, "width": 5, "order": 2},
    "delta of chroma": {"kind": "delta", "of": _CHROMA | {"tuning": None}, "width": 9, "order": 1},
}
"""Every kind of block with every option that changes its arithmetic."""


def is_local(block: dict[str, Any]) -> bool:
    return spec(blocks=[block]).frame_local


def spec(**changes: Any) -> FeatureSpec:
    return FeatureSpec.from_dict(spec_table(**changes))


DECISION = DecisionProposal(
    hop_s=0.5,
    min_speech_s=0.6,
    non_voice_veto=0.5,
    smoothing_s=0.0,
    enter_confidence=0.5,
    leave_confidence=0.4,
    min_dwell_s=0.0,
    quiet_after_s=2.0,
)


def manifest(flatbuffer: bytes = FLATBUFFER, **changes: Any) -> Manifest:
    features = spec()
    tensor = TensorInfo(shape=(1, 192, 64), dtype="int8", scale=0.02, zero_point=0)
    made = Manifest(
        schema_version=1,
        name="fake",
        version="1.0.0",
        created_utc="2026-11-20T00:00:00Z",
        recipe="fake",
        commit="",
        features=features,
        fingerprint=features.fingerprint(),
        labels=(*EMOTIONS, NON_VOICE),
        output="logits",
        input_tensor=tensor,
        output_tensor=replace(tensor, shape=(1, 9), scale=0.1),
        standardise=None,
        temperature=1.0,
        decision=DECISION,
        sha256=hashlib.sha256(flatbuffer).hexdigest(),
        operators=(Operator(name="CONV_2D", version=3),),
        min_runtime="2.3.0",
        corpora=(),
        licence="none",
        metrics={"test.uar": 0.5},
        libraries={},
    )
    return replace(made, **changes)


def golden_case(name: str = "noise") -> GoldenCase:
    rng = np.random.default_rng(7)
    pcm = rng.integers(-3000, 3000, 2000).astype(np.float32) / np.float32(32768)
    return GoldenCase(
        name=name,
        samples=pcm,
        features=rng.normal(size=(192, 64)).astype(np.float32),
        logits=rng.normal(size=9).astype(np.float32),
    )
