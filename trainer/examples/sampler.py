"""Training windows, drawn on the fly: balanced, cut, disturbed, normalised; a seed fixes all."""

from __future__ import annotations

from collections.abc import Iterator

import librosa
import numpy as np
from numpy.typing import NDArray

from edge.contract.labels import NON_VOICE
from edge.contract.spec import MelBank
from trainer.examples import specaugment
from trainer.examples.dataset import DataSet, Version, Voice
from trainer.features.logmel import log_mel_image
from trainer.recipe.learning import WindowLearning
from trainer.recipe.schema import Recipe

FloatArray = NDArray[np.float32]
Batch = tuple[FloatArray, FloatArray, FloatArray]

_N_WARPS = 17
_N_TILT_POINTS = 5
_ROOM_TONE_SHARE = 0.5
_SILENT_SHARE = 0.02
_OTHER_BACKGROUND_SHARE = 0.3
_OTHER_SNR_DB = (0.0, 30.0)
_TINY = 1e-12


class WindowSampler:
    """Draws batches of training windows.

    Parameters
    ----------
    recipe : Recipe
        Its features and labels.
    learning : WindowLearning
        The recipe's.
    data : DataSet
    """

    def __init__(self, recipe: Recipe, learning: WindowLearning, data: DataSet) -> None:
        self._recipe = recipe
        self._learning = learning
        self._emotions = data.emotions
        self._image = log_mel_image(recipe.features)
        self._others = data.others
        self._pools = _pools(data.voices["train"])
        weights = np.array([self._weight(corpus) for corpus in self._pools])
        self._corpus_shares = weights / weights.sum()
        self._warps = _warps(self._image.mel, learning.distortion.warp_range)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch; the same seed and number give the same batches."""
        rng = np.random.default_rng((self._recipe.seed, number))
        for _ in range(self._learning.fit.steps_per_epoch):
            yield self.batch(rng)

    def batch(self, rng: np.random.Generator) -> Batch:
        """Draw one batch.

        Returns
        -------
        windows : (batch, n_frames, n_bands, 1) float32 array
        targets : (batch, 2 * n_labels) float32 array
            Wanted probabilities, then 1 for each label that is right or wrong there.
        weights : (batch,) float32 array
            All 1.
        """
        n_windows = self._learning.fit.batch_size
        drawn = [self._one(rng) for _ in range(n_windows)]
        power = np.stack([power for power, _, _ in drawn])
        wanted = np.stack([wanted for _, wanted, _ in drawn])
        known = np.stack([known for _, _, known in drawn])
        windows = self._to_input(power, rng)
        smoothing = self._learning.fit.label_smoothing
        wanted = (1 - smoothing) * wanted + smoothing * known / known.sum(axis=1, keepdims=True)
        alpha = self._learning.distortion.mixup_alpha
        if alpha > 0:
            windows, wanted, known = specaugment.mixup(windows, wanted, known, alpha=alpha, rng=rng)
        targets = np.concatenate([wanted, known], axis=1).astype(np.float32)
        return windows[..., np.newaxis].astype(np.float32), targets, np.ones(n_windows, np.float32)

    def _weight(self, corpus: str) -> float:
        return next(use.weight for use in self._recipe.corpora if use.name == corpus)

    def _one(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        if self._others and rng.random() < self._learning.non_voice.share:
            return (
                self._other_window(rng),
                self._one_hot(NON_VOICE),
                np.ones(len(self._recipe.labels), np.float32),
            )
        return self._voice_window(rng)

    def _voice_window(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        settings = self._learning.distortion
        corpus = list(self._pools)[rng.choice(len(self._pools), p=self._corpus_shares)]
        by_emotion = list(self._pools[corpus].values())
        voices = by_emotion[rng.integers(len(by_emotion))]
        voice = voices[rng.integers(len(voices))]
        power = self._cut(self._version(voice, rng), rng)
        if rng.random() < settings.background_probability:
            snr_db = rng.uniform(*settings.snr_range_db)
            power = specaugment.mix_background(
                power, self._background(rng), snr_db=snr_db, voice_level=1.0
            )
        return power, self._one_hot(voice.utterance.emotion), self._judged(voice)

    def _version(self, voice: Voice, rng: np.random.Generator) -> Version:
        original, *copies = voice.versions
        if not copies or rng.random() < self._learning.copies.clean_share:
            return original
        return copies[rng.integers(len(copies))]

    def _judged(self, voice: Voice) -> FloatArray:
        """Return 1 for each label that is right or wrong for the voice, 0 where nobody can say."""
        has = (*self._emotions[voice.utterance.corpus], NON_VOICE)
        unjudged = self._learning.fit.unjudged
        return np.array(
            [
                label in has or voice.utterance.emotion not in unjudged.get(label, ())
                for label in self._recipe.labels
            ],
            np.float32,
        )

    def _one_hot(self, label: str) -> FloatArray:
        labels = self._recipe.labels
        return np.eye(len(labels), dtype=np.float32)[labels.index(label)]

    def _cut(self, version: Version, rng: np.random.Generator) -> FloatArray:
        settings = self._learning.distortion
        tempo = rng.uniform(*settings.tempo_range)
        length = self._image.n_frames * tempo
        start = specaugment.draw_start(version.voice, length=length, settings=settings, rng=rng)
        window = specaugment.take_window(
            version.power, start=start, n_frames=self._image.n_frames, tempo=tempo
        )
        return window / np.float32(version.level)

    def _other_window(self, rng: np.random.Generator) -> FloatArray:
        power = self._crop(rng)
        if rng.random() < _SILENT_SHARE:
            return np.zeros_like(power)
        power = power / max(float(power.sum(axis=1).mean()), _TINY)
        if rng.random() < _OTHER_BACKGROUND_SHARE:
            snr_db = rng.uniform(*_OTHER_SNR_DB)
            power = specaugment.mix_background(
                power, self._background(rng), snr_db=snr_db, voice_level=1.0
            )
        return power

    def _background(self, rng: np.random.Generator) -> FloatArray:
        if not self._others or rng.random() < _ROOM_TONE_SHARE:
            return specaugment.room_tone(self._image.n_frames, self._image.mel.n_mels, rng)
        return self._crop(rng)

    def _crop(self, rng: np.random.Generator) -> FloatArray:
        kinds = list(self._others)
        sounds = self._others[kinds[rng.integers(len(kinds))]]
        power = sounds[rng.integers(len(sounds))]
        n_frames = self._image.n_frames
        start = rng.integers(max(0, len(power) - n_frames) + 1)
        cut = power[start : start + n_frames]
        return np.pad(cut, ((0, n_frames - len(cut)), (0, 0)))

    def _to_input(self, power: FloatArray, rng: np.random.Generator) -> FloatArray:
        settings = self._learning.distortion
        warps = self._warps[rng.integers(len(self._warps), size=len(power))]
        tilted = [
            specaugment.tilt_bands(
                window, tilt_db=settings.tilt_db, n_points=_N_TILT_POINTS, rng=rng
            )
            for window in np.matmul(power, warps)
        ]
        floor_db = rng.uniform(*settings.floor_range_db, (len(power), 1, 1))
        floor = (10.0 ** (floor_db / 10.0)).astype(np.float32)
        windows = self._image.to_input(np.stack(tilted) + floor)
        return np.stack([specaugment.mask(window, settings, rng) for window in windows])


def evaluation_windows(power: FloatArray, recipe: Recipe, *, hop_frames: int) -> FloatArray:
    """Cut an undisturbed recording into the windows that the device would look at.

    Returns
    -------
    (n_windows, n_frames, n_bands, 1) float32 array
        At least one window; a short recording is followed by silence.
    """
    image = log_mel_image(recipe.features)
    n_missing = max(0, image.n_frames - len(power))
    padded = np.pad(power, ((0, n_missing), (0, 0)))
    starts = range(0, len(padded) - image.n_frames + 1, hop_frames)
    windows = np.stack([padded[start : start + image.n_frames] for start in starts])
    return image.to_input(windows)[..., np.newaxis]


def _pools(voices: tuple[Voice, ...]) -> dict[str, dict[str, list[Voice]]]:
    pools: dict[str, dict[str, list[Voice]]] = {}
    for voice in voices:
        by_emotion = pools.setdefault(voice.utterance.corpus, {})
        by_emotion.setdefault(voice.utterance.emotion, []).append(voice)
    return pools


def _warps(mel: MelBank, warp_range: tuple[float, float]) -> FloatArray:
    edges_hz = librosa.mel_frequencies(
        mel.n_mels + 2, fmin=mel.fmin_hz, fmax=mel.fmax_hz, htk=mel.scale == "htk"
    )
    factors = np.geomspace(*warp_range, _N_WARPS)
    return np.stack([specaugment.warp_matrix(edges_hz[1:-1], factor=f) for f in factors])
