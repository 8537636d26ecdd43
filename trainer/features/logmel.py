"""Features that backgrounds can be mixed into: one log-mel block as a streamable image."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.contract.spec import FeatureSpec, Image, LogMel, Mel, MelBank, NoNorm, Norm
from edge.errors import ConfigError
from trainer.features import oracle as features

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMelImage:
    """What the sampling of windows needs of a FeatureSpec."""

    n_frames: int
    mel: MelBank
    amin: float
    norm: Norm

    def to_input(self, power: FloatArray) -> FloatArray:
        """Turn mel powers into what the network takes.

        Parameters
        ----------
        power : (n_windows, n_frames, n_bands) float32 array

        Returns
        -------
        float32 array of the same shape
        """
        level_db = 10.0 * np.log10(np.maximum(power, np.float32(self.amin)))
        return features.normalise(level_db.astype(np.float32), self.norm)


def log_mel_image(spec: FeatureSpec) -> LogMelImage:
    """Return the parts of a log-mel spec.

    Raises
    ------
    ConfigError
        If backgrounds cannot be mixed into such features.
    """
    match (spec.blocks, spec.layout):
        case ((LogMel() as block,), Image() as layout) if spec.streamable:
            return LogMelImage(
                n_frames=layout.n_frames, mel=block.mel, amin=block.decibel.amin, norm=spec.norm
            )
    raise ConfigError(
        "the features of this recipe cannot be trained on with backgrounds: expected a streamable "
        "image of one logmel block with ref = 'one'"
    )


def mel_power_spec(spec: FeatureSpec) -> FeatureSpec:
    """Return the spec of the mel powers that lie under a log-mel spec.

    Raises
    ------
    ConfigError
        As `log_mel_image`.
    """
    mel = Mel(kind="mel", mel=log_mel_image(spec).mel)
    return dataclasses.replace(spec, blocks=(mel,), norm=NoNorm(kind="none"))
