"""Make the golden features anew: `python -m tests.golden.regenerate`.

They are what librosa says of the bundled (synthetic) speech and of three made sounds, for every
kind of block; with them `edge.dsp` is held to librosa where librosa is not installed. Run it only
when a block or an option is added, and look at what changed: the numbers of old blocks must not.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path

import librosa
import numpy as np
import soundfile

from edge.contract.spec import FeatureSpec
from tests.fakes.specs import BLOCKS, spec
from tests.support import REPOSITORY
from trainer.features import oracle as features

HERE = Path(__file__).resolve().parent
SPEECH = "edge/samples/room.flac"
SPEECH_FROM_S, SPEECH_TO_S = 1.0, 1.5


def framing(padding: str) -> dict[str, object]:
    return {
        "n_fft": 512,
        "win_length": 400,
        "hop_length": 250,
        "window": "hann",
        "padding": padding,
    }


def specs() -> dict[str, FeatureSpec]:
    """Return every block, frame-local and centred, by name."""
    return {
        f"{name}; {padding}": spec(blocks=[BLOCKS[name]], framing=framing(padding))
        for name in BLOCKS
        for padding in ("none", "reflect")
    }


def sounds() -> dict[str, np.ndarray]:
    """Return half a second each, in steps of 16 bits."""
    speech, rate_hz = soundfile.read(REPOSITORY / SPEECH, dtype="float32")
    rng = np.random.default_rng(20261120)
    t = np.arange(8000) / 16000
    made = {
        "speech": speech[round(SPEECH_FROM_S * rate_hz) : round(SPEECH_TO_S * rate_hz)],
        "near silence": rng.integers(-1, 2, 8000) / 32768,
        "clipping": np.clip(20 * np.sin(2 * np.pi * 440 * t), -1, 1 - 2**-15),
        "short": rng.normal(0, 0.1, 700),
    }
    return {name: (np.rint(x * 32768) / 32768).astype(np.float32) for name, x in made.items()}


def provenance() -> dict[str, str]:
    return {
        "made by": "tests/golden/regenerate.py",
        "speech": f"{SPEECH}, {SPEECH_FROM_S} to {SPEECH_TO_S} s: synthetic, Apache-2.0",
        "librosa": librosa.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
    }


def main() -> None:
    samples = sounds()
    arrays = {f"{name}/samples": np.rint(x * 32768).astype(np.int16) for name, x in samples.items()}
    for spec_name, made in specs().items():
        for name, x in samples.items():
            arrays[f"{name}/{spec_name}"] = features.frames_of(x, made)
    np.savez_compressed(HERE / "features.npz", **arrays)
    (HERE / "features.json").write_text(json.dumps(provenance(), indent=2) + "\n")


if __name__ == "__main__":
    main()
