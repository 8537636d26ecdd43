"""The peers, each as a function that takes the sound and returns what is timed."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Contender = Callable[[], object]

RATE_HZ, N_FFT, HOP, N_MELS, N_MFCC = 16000, 512, 160, 40, 40


class PeerMissingError(Exception):
    """A peer cannot be imported here."""


def load(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise PeerMissingError(str(error).splitlines()[0]) from error


def librosa_mfcc(samples: Samples) -> Contender:
    feature = load("librosa").feature
    return lambda: feature.mfcc(
        y=samples, sr=RATE_HZ, n_mfcc=N_MFCC, n_fft=N_FFT, hop_length=HOP, n_mels=N_MELS
    )


def librosa_vector(samples: Samples) -> Contender:
    """Return the 180 numbers as the tutorials compute them."""
    librosa = load("librosa")

    def run() -> object:
        spectrum = np.abs(librosa.stft(samples))
        parts = (
            librosa.feature.mfcc(y=samples, sr=22050, n_mfcc=40),
            librosa.feature.chroma_stft(S=spectrum, sr=22050),
            librosa.feature.melspectrogram(y=samples, sr=22050),
        )
        return np.hstack([np.mean(part.T, axis=0) for part in parts])

    return run


def python_speech_features(samples: Samples) -> Contender:
    mfcc = load("python_speech_features").mfcc
    return lambda: mfcc(
        samples, RATE_HZ, winlen=0.032, winstep=0.01, numcep=N_MFCC, nfilt=N_MELS, nfft=N_FFT
    )


def kaldi_native_fbank(samples: Samples) -> Contender:
    knf = load("kaldi_native_fbank")
    options = knf.MfccOptions()
    options.frame_opts.samp_freq = RATE_HZ
    options.frame_opts.frame_length_ms = 32
    options.frame_opts.frame_shift_ms = 10
    options.frame_opts.dither = 0
    options.mel_opts.num_bins = N_MELS
    options.num_ceps = N_MFCC

    def run() -> object:
        computer = knf.OnlineMfcc(options)
        computer.accept_waveform(RATE_HZ, samples)
        computer.input_finished()
        return [computer.get_frame(i) for i in range(computer.num_frames_ready)]

    return run


def spafe(samples: Samples) -> Contender:
    mfcc = load("spafe.features.mfcc").mfcc
    window = load("spafe.utils.preprocessing").SlidingWindow(0.032, 0.01, "hanning")
    return lambda: mfcc(
        samples, fs=RATE_HZ, num_ceps=N_MFCC, nfilts=N_MELS, nfft=N_FFT, window=window
    )


def torchaudio(samples: Samples) -> Contender:
    torch = load("torch")
    torch.set_num_threads(1)
    try:
        transforms = load("torchaudio").transforms
    except PeerMissingError:
        # Its compiled half refuses another build of torch; MFCC is made of torch alone.
        for name in [name for name in sys.modules if name.startswith("torchaudio")]:
            del sys.modules[name]
        stand_in = types.ModuleType("torchaudio._extension")
        vars(stand_in).update(
            fail_if_no_align=lambda function: function,
            _IS_TORCHAUDIO_EXT_AVAILABLE=False,
            _IS_RIR_AVAILABLE=False,
            _IS_ALIGN_AVAILABLE=False,
        )
        sys.modules["torchaudio._extension"] = stand_in
        transforms = load("torchaudio").transforms
    mfcc = transforms.MFCC(
        sample_rate=RATE_HZ,
        n_mfcc=N_MFCC,
        melkwargs={"n_fft": N_FFT, "hop_length": HOP, "n_mels": N_MELS},
    )
    sound = torch.from_numpy(samples.copy())

    def run() -> object:
        with torch.inference_mode():
            return mfcc(sound)

    return run


MFCC_PEERS = {
    "librosa": librosa_mfcc,
    "torchaudio": torchaudio,
    "kaldi-native-fbank": kaldi_native_fbank,
    "python_speech_features": python_speech_features,
    "spafe": spafe,
}

VECTOR_PEERS = {"librosa": librosa_vector}
