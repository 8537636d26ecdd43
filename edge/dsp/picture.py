"""Mel spectrograms for the eye: features that no model is given."""

from __future__ import annotations

from edge.contract.spec import FeatureSpec


def picture_spec(n_bands: int) -> FeatureSpec:
    """Return how sound at 16 kHz becomes decibels of mel bands, each 10 ms."""
    mel = {"n_mels": n_bands, "fmin_hz": 0.0, "fmax_hz": 8000.0, "scale": "slaney"}
    return FeatureSpec.from_dict(
        {
            "sample_rate_hz": 16_000,
            "framing": {
                "n_fft": 512,
                "win_length": 512,
                "hop_length": 160,
                "window": "hann",
                "padding": "none",
            },
            "blocks": [
                {
                    "kind": "logmel",
                    "mel": {**mel, "norm": "slaney"},
                    "decibel": {"amin": 1e-10, "ref": "one", "top_db": None},
                }
            ],
            "layout": {"kind": "image", "n_frames": 1},
            "norm": {"kind": "none"},
        }
    )
