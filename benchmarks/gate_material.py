"""Sound for the study of the speech gate: real speech and noise, rendered music, known truth.

Two disjoint parts: ``"fit"`` for choosing numbers, ``"test"`` for reporting them. They share no
speaker, no ESC-10 fold, no instrument and no stretch of a noise recording.
"""

from __future__ import annotations

import math
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter

RATE_HZ = 16000
TRUTH_LENGTH = 160
"""Samples for each value of the truth: 10 ms."""
SPEECH_RANGE_DB = 35.0
"""A frame of a studio clip this far below the clip's loudest one is still speech."""
SELF_NOISE_DBFS = -75.0
"""White noise of the microphone itself, under everything."""

EMODB_FIT = ("03", "09", "10", "12", "13", "14")
EMODB_TEST = ("08", "11")

Samples = NDArray[np.float64]
Part = Literal["fit", "test"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Speech:
    """A stream of utterances with pauses; `truth` has one value every 10 ms."""

    corpus: str
    samples: Samples
    truth: NDArray[np.bool_]


def read(path: Path) -> Samples:
    samples, rate_hz = soundfile.read(path)
    if rate_hz != RATE_HZ or samples.ndim != 1:
        raise ValueError(f"{path.name}: expected {RATE_HZ} Hz mono, found {rate_hz} Hz")
    return np.asarray(samples, np.float64)


def rms(samples: Samples) -> float:
    return math.sqrt(float(np.mean(samples**2)) + 1e-20)


def gain(level_db: float) -> float:
    return float(10 ** (level_db / 20))


def truth_of(clip: Samples) -> NDArray[np.bool_]:
    """Return where a clean clip holds speech: 50 ms mean power within 35 dB of its maximum."""
    n_frames = len(clip) // TRUTH_LENGTH
    power = np.mean(clip[: n_frames * TRUTH_LENGTH].reshape(n_frames, -1) ** 2, axis=1)
    smooth = np.convolve(power, np.ones(5) / 5, mode="same")
    return smooth > smooth.max() * 10 ** (-SPEECH_RANGE_DB / 10)


def speech_files(data: Path, part: Part) -> dict[str, list[Path]]:
    """Return the clips of each stream. The fit sees free licences only, a speaker to a stream."""
    emodb = {s: sorted((data / "emodb").glob(f"{s}*.flac")) for s in EMODB_FIT + EMODB_TEST}
    arctic = data / "speech-cmu-arctic-samples"
    if part == "fit":
        return {
            **{f"EmoDB {speaker}": emodb[speaker] for speaker in EMODB_FIT},
            "CMU Arctic axb": sorted(arctic.glob("*_axb_*.flac")),
        }
    ravdess = [
        f for actor in range(17, 21) for f in sorted((data / f"ravdess/Actor_{actor}").iterdir())
    ]
    return {
        "RAVDESS 17-20": ravdess[::6],
        "TESS": sorted((data / "tess").rglob("*.ogg"))[::50],
        "nEMO": sorted((data / "nemo").glob("*.ogg"))[::35],
        "EmoDB 08, 11": [f for speaker in EMODB_TEST for f in emodb[speaker]][::2],
        "CMU Arctic aew": sorted(arctic.glob("*_aew_*.flac")),
    }


def speech(data: Path, part: Part) -> list[Speech]:
    """Return one stream for each corpus or speaker, every clip with its peak at full scale."""
    rng = np.random.default_rng(7)
    return [
        stream(name, [(clip, truth_of(clip)) for clip in map(read, files)], rng)
        for name, files in speech_files(data, part).items()
    ]


def stream(
    corpus: str, clips: list[tuple[Samples, NDArray[np.bool_]]], rng: np.random.Generator
) -> Speech:
    """Join clips with pauses of 0.2 to 3 s."""
    pieces: list[Samples] = []
    truths: list[NDArray[np.bool_]] = []
    for clip, truth in clips:
        n_pause = int(rng.integers(20, 300))
        speaking = clip[: len(truth) * TRUTH_LENGTH] / np.abs(clip).max()
        pieces += [speaking, np.zeros(n_pause * TRUTH_LENGTH)]
        truths += [truth, np.zeros(n_pause, bool)]
    return Speech(corpus=corpus, samples=np.concatenate(pieces), truth=np.concatenate(truths))


def recorded(samples: Samples, *, seed: int = 0) -> NDArray[np.float32]:
    """Return what a 16-bit microphone with its own noise makes of a sound."""
    noise = np.random.default_rng(seed).normal(size=len(samples)) * gain(SELF_NOISE_DBFS)
    steps = np.clip(np.rint((samples + noise) * 32768), -32768, 32767)
    return np.asarray(steps / 32768, np.float32)


def mixed(stream: Speech, noise: Samples, *, snr_db: float, peak_dbfs: float = -12.0) -> Samples:
    """Add noise to a stream; the ratio is that of the mean powers, speech where there is some."""
    active = np.repeat(stream.truth, TRUTH_LENGTH)
    speech_part = stream.samples * gain(peak_dbfs)
    long = np.resize(noise, len(speech_part))
    return speech_part + long * (rms(speech_part[active]) / rms(long) * gain(-snr_db))


def reverberant(stream: Speech, response: Samples) -> Speech:
    direct = int(np.argmax(np.abs(response)))
    wet = fftconvolve(stream.samples, response)[direct : direct + len(stream.samples)]
    return Speech(corpus=stream.corpus, samples=wet / np.abs(wet).max(), truth=stream.truth)


def coloured(colour: str, n_samples: int, *, seed: int) -> Samples:
    """Return white, pink (Kellet's filter) or brown noise with an RMS of 1."""
    white = np.random.default_rng(seed).normal(size=n_samples)
    if colour == "pink":
        b = [0.049922035, -0.095993537, 0.050612699, -0.004408786]
        white = lfilter(b, [1, -2.494956002, 2.017265875, -0.522189400], white)
    elif colour == "brown":
        white = lfilter([1.0], [1, -0.995], white)
    return white / rms(white)


def mains(n_samples: int) -> Samples:
    """Return a cheap microphone's offset of a tenth of full scale and 50 Hz hum."""
    turns = np.arange(n_samples) / RATE_HZ
    hum = 0.01 * np.sin(2 * np.pi * 50 * turns) + 0.003 * np.sin(2 * np.pi * 150 * turns)
    return np.asarray(hum + 0.1)


def noises(data: Path, part: Part) -> Iterator[tuple[str, Samples]]:
    """Yield (kind, recording) of real sounds without speech, and of human sounds, as they are."""
    fold = "1" if part == "fit" else "2"
    for folder in sorted((data / "esc10").glob("0*")):
        for path in sorted(folder.glob(f"{fold}-*.flac")):
            yield f"ESC-10 {folder.name[4:].replace('_', ' ')}", read(path)
    for path in sorted((data / "noise-speechcommands").glob("*.flac")):
        sound = read(path)
        half = len(sound) // 2
        yield path.stem.replace("_", " "), sound[:half] if part == "fit" else sound[half:]


INSTRUMENTS = {
    "piano": ((0, 4, 11), 1),
    "organ": ((16, 20, 21), 19),
    "guitar": ((24, 27, 33), 30),
    "strings": ((48, 42, 45), 40),
    "brass": ((56, 57, 60), 61),
    "reed": ((65, 66, 71), 68),
    "flute": ((73, 74, 79), 75),
    "synth": ((81, 80, 90), 88),
}
"""Programs of General MIDI: three for the fit, one for the test."""


def music(
    part: Part, soundfont: Path, *, n_tunes: int = 3, duration_s: float = 12.0
) -> Iterator[tuple[str, Samples]]:
    """Yield rendered music: a melody and chords for each instrument, drums, and all together."""
    number = 0 if part == "fit" else 1
    chosen = {n: fit if part == "fit" else (test,) for n, (fit, test) in INSTRUMENTS.items()}
    for name, programs in chosen.items():
        for tune in range(n_tunes):
            program = programs[tune % len(programs)]
            seed = 1000 * number + 10 * program + tune
            tracks = [_tune(program, seed, duration_s, chords=tune % 2 == 1)]
            yield f"music {name}", _render(tracks, soundfont)
    for tune in range(n_tunes):
        seed = 1000 * number + 500 + tune
        yield "music drums", _render([_drums(seed, duration_s)], soundfont)
        band = [
            _tune(programs[tune % len(programs)], seed + i, duration_s, chords=i == 0)
            for i, programs in enumerate(list(chosen.values())[tune : tune + 3])
        ]
        yield "music band", _render([*band, _drums(seed, duration_s)], soundfont)


Note = tuple[float, float, int, int, int]
"""Start and end in seconds, channel (-1: program change), key, velocity."""


def _tune(program: int, seed: int, duration_s: float, *, chords: bool) -> list[Note]:
    rng = np.random.default_rng(seed)
    channel = seed % 8
    notes: list[Note] = [(0.0, 0.0, -1 - channel, program, 0)]
    start, key = 0.0, int(rng.integers(50, 70))
    while start < duration_s:
        length = float(rng.choice([0.25, 0.25, 0.5, 0.5, 1.0])) * 60 / 100
        key = int(np.clip(key + rng.choice([-5, -4, -2, -1, 1, 2, 4, 5]), 43, 84))
        velocity = int(rng.integers(60, 115))
        end = start + 0.95 * length
        intervals = (0, 4, 7) if chords else (0,)
        notes += [(start, end, channel, key + interval, velocity) for interval in intervals]
        start += length
    return notes


def _drums(seed: int, duration_s: float) -> list[Note]:
    rng = np.random.default_rng(seed)
    beats = np.arange(0, duration_s, 0.15)
    return [
        (float(t), float(t) + 0.1, 9, int(rng.choice([36, 38, 42, 42, 46, 45])), 90)
        for t in beats[rng.random(len(beats)) < 0.75]
    ]


def _events(notes: list[Note]) -> list[tuple[float, bytes]]:
    events: list[tuple[float, bytes]] = []
    for start, end, channel, key, velocity in notes:
        if channel < 0:
            events.append((start, bytes([0xC0 | (-1 - channel), key])))
        else:
            events.append((start, bytes([0x90 | channel, key, velocity])))
            events.append((end, bytes([0x80 | channel, key, 0])))
    return sorted(events, key=lambda event: event[0])


def _variable_length(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | (value & 0x7F))
    return bytes(reversed(groups))


def _midi(tracks: list[list[Note]]) -> bytes:
    """Return a MIDI file of one track, 1000 ticks to the second."""
    body, last = b"\x00\xff\x51\x03\x0f\x42\x40", 0
    for time_s, event in _events([note for track in tracks for note in track]):
        tick = round(time_s * 1000)
        body += _variable_length(tick - last) + event
        last = tick
    body += b"\x00\xff\x2f\x00"
    return (
        b"MThd"
        + struct.pack(">IHHH", 6, 0, 1, 1000)
        + b"MTrk"
        + struct.pack(">I", len(body))
        + body
    )


def _render(tracks: list[list[Note]], soundfont: Path) -> Samples:
    with tempfile.TemporaryDirectory() as folder:
        song, wav = Path(folder, "song.mid"), Path(folder, "song.wav")
        song.write_bytes(_midi(tracks))
        command = [
            "fluidsynth",
            "-ni",
            "-q",
            "-r",
            str(RATE_HZ),
            "-F",
            str(wav),
            str(soundfont),
            str(song),
        ]
        subprocess.run(command, check=True, capture_output=True)
        stereo, _ = soundfile.read(wav)
    mono = stereo.mean(axis=1)
    return np.asarray(mono / np.abs(mono).max(), np.float64)
