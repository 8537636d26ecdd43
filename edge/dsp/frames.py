"""FrameComputer: a FeatureSpec made ready to turn blocks of frames into numbers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from edge.contract.spec import Block, FeatureSpec, Framing, Mel, Mfcc
from edge.dsp import cepstrum, framing, mel

Power = NDArray[np.float32]


class BlockStage:
    """One block of the spec: a mel bank, then decibels, then a DCT, as far as it asks for them."""

    def __init__(self, block: Block, spec: FeatureSpec) -> None:
        self._block = block
        bank = mel.mel_filterbank(
            block.mel, sample_rate_hz=spec.sample_rate_hz, n_fft=spec.framing.n_fft
        )
        self._bank = np.ascontiguousarray(bank.T)
        self._dct = _liftered_dct(block) if isinstance(block, Mfcc) else None

    def project(self, power: Power) -> Power:
        """Return mel power, shape (n_frames, n_mels), of a power spectrum."""
        return power @ self._bank

    def finish(self, mel_power: Power) -> Power:
        """Return the block's features, shape (n_frames, width)."""
        if isinstance(self._block, Mel):
            return mel_power
        log_mel = cepstrum.power_to_db(mel_power, self._block.decibel)
        return log_mel if self._dct is None else log_mel @ self._dct


class FrameComputer:
    """Stateless: blocks of sound in, features of their frames out.

    Use `frame_computer`, which keeps one for each specification.
    """

    def __init__(self, spec: FeatureSpec) -> None:
        self._framing = spec.framing
        self._window = framing.analysis_window(spec.framing)
        self._stages = tuple(BlockStage(block, spec) for block in spec.blocks)

    def block(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the features of one block's frames, for specs whose blocks are frame-local.

        Parameters
        ----------
        samples : ndarray, shape (n,), float32
            At most `framing.block_length` samples; the rest is taken to be zero.

        Returns
        -------
        ndarray, shape (FRAMES_PER_BLOCK, n_features), float32
        """
        power = self._power(samples)
        return _join([stage.finish(stage.project(power)) for stage in self._stages])

    def clip(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the features of all frames of a (padded) clip.

        Each stage sees the whole clip before it takes decibels, as ``ref="max"`` demands.

        Returns
        -------
        ndarray, shape (n_frames, n_features), float32
        """
        powers = [self._power(segment) for segment in block_segments(samples, self._framing)]
        n_frames = _n_whole_frames(samples, self._framing)
        return _join([self._clip_stage(stage, powers, n_frames) for stage in self._stages])

    def _clip_stage(self, stage: BlockStage, powers: list[Power], n_frames: int) -> Power:
        projected = [stage.project(power) for power in powers]
        if not projected:
            return stage.finish(stage.project(self._power(np.zeros(0, np.float32))))[:0]
        return stage.finish(np.concatenate(projected)[:n_frames])

    def _power(self, samples: NDArray[np.float32]) -> Power:
        length = framing.block_length(self._framing)
        padded = samples if len(samples) == length else np.pad(samples, (0, length - len(samples)))
        # librosa weighs and transforms in double precision, and only then rounds to complex64.
        # In single precision throughout, the quiet bands beside loud ones are off by 0.01 dB.
        frames = framing.frames_in(padded, self._framing) * self._window
        spectrum = scipy.fft.rfft(frames, axis=-1).astype(np.complex64)
        magnitude: NDArray[np.float32] = np.abs(spectrum)
        return magnitude * magnitude


@lru_cache(maxsize=8)
def frame_computer(spec: FeatureSpec) -> FrameComputer:
    """Return the computer of a specification; its filter banks are built once."""
    return FrameComputer(spec)


def block_segments(
    samples: NDArray[np.float32], spec_framing: Framing
) -> list[NDArray[np.float32]]:
    """Cut (already padded) sound into the segments of its blocks of frames, the last one short."""
    n_blocks = -(-_n_whole_frames(samples, spec_framing) // framing.FRAMES_PER_BLOCK)
    advance = framing.block_advance(spec_framing)
    length = framing.block_length(spec_framing)
    return [samples[i * advance : i * advance + length] for i in range(n_blocks)]


def _n_whole_frames(padded: NDArray[np.float32], spec_framing: Framing) -> int:
    return max(0, 1 + (len(padded) - spec_framing.n_fft) // spec_framing.hop_length)


def _liftered_dct(block: Mfcc) -> NDArray[np.float32]:
    matrix = cepstrum.dct_matrix(n_mels=block.mel.n_mels, n_mfcc=block.n_mfcc)
    return matrix * cepstrum.lifter_weights(n_mfcc=block.n_mfcc, lifter=block.lifter)


def _join(parts: list[Power]) -> NDArray[np.float32]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
