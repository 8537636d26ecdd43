"""Sounds on which front ends fall apart."""

from __future__ import annotations

import numpy as np

RATE_HZ = 16000


def nasty(n_samples: int = 9_000) -> dict[str, np.ndarray]:
    """Return them by name, float32 at `RATE_HZ`."""
    rng = np.random.default_rng(1)
    t = np.arange(n_samples) / RATE_HZ
    noise = rng.standard_normal(n_samples)
    tone = np.sin(2 * np.pi * 440.0 * t)
    middle, first, last = np.eye(3, n_samples)[0], np.eye(1, n_samples)[0], np.eye(1, n_samples)[0]
    sounds = {
        "silence": 0 * t,
        "DC": 0 * t + 0.5,
        "full-scale DC": 0 * t + 1.0,
        "impulse": np.roll(middle, n_samples // 2),
        "impulse at the start": first,
        "impulse at the end": np.roll(last, -1),
        "clipping": np.clip(20 * tone, -1.0, 1.0 - 2**-15),
        "denormals": 1e-40 * noise,
        "one step of 16 bits": np.round(noise) / 32768,
        "noise": 0.1 * noise,
        "DC and noise": 0.5 + 1e-3 * noise,
        "tone": 0.9 * tone,
        "quiet tone in silence": np.where(t < t.mean(), 1e-4 * tone, 0),
        "tone at 0 Hz's neighbour": 0.5 * np.sin(2 * np.pi * 15.625 * t),
        "tone at a band's edge": 0.5 * np.sin(2 * np.pi * 3200.0 * t),
        "tone at the highest band": 0.5 * np.sin(2 * np.pi * 7600.0 * t),
        "alternating at the Nyquist frequency": np.where(np.arange(n_samples) % 2, 0.7, -0.7),
        "chord": 0.2 * sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6)),
        "silence, then noise": np.where(t < t.mean(), 0, 0.3 * noise),
    }
    return {name: np.asarray(samples, np.float32) for name, samples in sounds.items()}
