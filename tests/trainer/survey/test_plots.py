"""The pictures: what stands on them, for corpora of every size."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from tests.fakes.surveys import corpus, examined, noise, write, write_healthy_corpus
from trainer.survey import plots, sample_plot
from trainer.survey.samples import one_of_each_emotion, picture_specs
from trainer.survey.scan import CorpusScan, scan


def words_of(figure: Figure) -> set[str]:
    """Return every text on a figure, once it is laid out."""
    figure.draw_without_rendering()
    return {text.get_text() for text in figure.findobj(match=lambda a: hasattr(a, "get_text"))}


def made(n_speakers: int, *, emotions: tuple[str, ...] = ("happy", "sad")) -> CorpusScan:
    items = [
        examined(
            f"{speaker}{emotion}{number}",
            speaker=f"home_{speaker:03}",
            emotion=emotion,
            n_samples=16000 + 100 * speaker + number,
        )
        for speaker in range(n_speakers)
        for emotion in emotions
        for number in range(speaker % 4 + 1)
    ]
    return corpus(*items, emotions=(*emotions, "angry"))


@pytest.mark.parametrize("n_speakers", [1, 2, 60])
def test_counts_name_every_speaker_and_emotion_and_every_sum(n_speakers: int) -> None:
    words = words_of(plots.counts(made(n_speakers)))
    assert {"happy", "sad", "angry", "0"} <= words
    assert {f"home_{speaker:03}" for speaker in range(n_speakers)} <= words
    n_happy = sum(speaker % 4 + 1 for speaker in range(n_speakers))
    assert {str(n_happy), "Home: clips by emotion and speaker\n"} <= words


def test_durations_name_every_emotion_with_its_median() -> None:
    words = words_of(plots.durations(made(3)))
    assert {"happy", "sad", "angry", "0 clips", "duration in s"} <= words
    assert "6 clips\nmedian 1.01 s" in words


def test_one_clip_can_be_drawn() -> None:
    assert "1 clip\nmedian 2.00 s" in words_of(plots.durations(corpus(examined("a"))))


@pytest.fixture
def home(tmp_path: Path) -> CorpusScan:
    write_healthy_corpus(tmp_path / "home")
    return scan(tmp_path, None, n_threads=1).corpora[0]


def test_samples_name_corpus_files_and_units(home: CorpusScan) -> None:
    figure = sample_plot.draw(home, one_of_each_emotion(home), picture_specs())
    words = words_of(figure)
    assert {"happy", "sad", "angry", "1.wav"} <= words
    assert {"waveform", "spectrogram", "MFCC\n1 to 19", "mel spectrogram\n64 bands"} <= words
    assert {"time in s", "frequency in kHz", "mel band in Hz", "dBFS", "dB", "pitch class"} <= words
    assert any(word.startswith("home, home_anna") for word in words)


def test_all_of_the_longest_sample_is_shown(tmp_path: Path) -> None:
    for number, length_s in enumerate((1.5, 0.5)):
        write(
            tmp_path / "home" / ("happy", "sad")[number] / "anna" / "1.wav",
            noise(1, length_s=length_s),
        )
    (home,) = scan(tmp_path, None, n_threads=1).corpora
    figure = sample_plot.draw(home, one_of_each_emotion(home), picture_specs())
    assert {axes.get_xlim() for axes in figure.axes if axes.images} == {(0, 1.5)}


def test_colours_of_a_row_mean_the_same(home: CorpusScan) -> None:
    figure = sample_plot.draw(home, one_of_each_emotion(home), picture_specs())
    spans = [axes.images[0].get_clim() for axes in figure.axes if axes.images]
    assert len(spans) == 12
    assert len(set(spans)) == 4


def test_png_is_an_image_of_the_figures_size_and_not_blank() -> None:
    figure = plots.counts(made(2))
    content = plots.png(figure)
    assert content.startswith(b"\x89PNG")
    size_px = np.rint(figure.get_size_inches() * 110)[::-1]
    pixels = imread(io.BytesIO(content), format="png")
    assert pixels.shape[:2] == pytest.approx(size_px, abs=1)
    assert pixels[..., :3].std() > 0.1


def test_names_are_neither_formulas_nor_warnings() -> None:
    odd = corpus(examined("a", speaker="$\\frac$_漢字"), name="$home$")
    assert plots.png(plots.counts(odd))
