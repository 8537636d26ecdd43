"""Which recordings are drawn, and the numbers behind the pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.contract import blocks
from edge.contract.spec import FeatureSpec
from tests.fakes.surveys import corpus, examined
from tests.fakes.utterances import utterance
from trainer import recipe
from trainer.survey import panels, samples
from trainer.survey.samples import one_of_each_emotion, picture_specs, rows_of
from trainer.survey.scan import Examined

VOICE = picture_specs()[0]
RATE_HZ = VOICE.sample_rate_hz


def tone(frequency_hz: float, *, length_s: float = 1.0) -> np.ndarray:
    times_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return np.sin(2 * np.pi * frequency_hz * times_s).astype(np.float32)


def said(file: str, emotion: str, speaker: str, text: str) -> Examined:
    item = examined(file)
    spoken = utterance(Path(file), emotion=emotion, speaker=speaker, text=text)
    return Examined(file=file, utterance=spoken, sound=item.sound, trouble="")


def test_samples_are_of_one_speaker_and_one_text_as_far_as_they_go() -> None:
    items = [
        said("1", "happy", "anna", "one"),
        said("2", "happy", "ben", "two"),
        said("3", "sad", "ben", "two"),
        said("4", "sad", "ben", "one"),
        said("5", "angry", "ben", "one"),
        said("6", "angry", "anna", "one"),
        said("7", "calm", "carl", "six"),
    ]
    chosen = one_of_each_emotion(corpus(*items, emotions=("calm", "happy", "sad", "angry")))
    assert [item.file for item in chosen] == ["7", "1", "4", "6"]


def test_what_cannot_be_used_is_not_drawn() -> None:
    items = examined("a", trouble="lost sync"), examined("b", peak=0.0), examined("c")
    chosen = one_of_each_emotion(corpus(*items, emotions=("happy", "sad")))
    assert [item.file for item in chosen] == ["c"]
    assert one_of_each_emotion(corpus(*items[:2])) == []


@pytest.mark.parametrize("spec", picture_specs(), ids=["voice", "pitch"])
def test_sine_of_full_scale_has_0_dbfs_at_its_frequency(spec: FeatureSpec) -> None:
    frames = samples.spectrogram_dbfs(tone(1000), spec)
    middle = frames[len(frames) // 2]
    assert middle.max() == pytest.approx(0, abs=0.05)
    assert middle.argmax() * RATE_HZ / spec.framing.n_fft == 1000


@pytest.mark.parametrize("frequency_hz", [250, 1000, 4000])
def test_ticks_of_the_mel_axis_stand_at_the_band_that_a_sine_excites(frequency_hz: int) -> None:
    row = rows_of([VOICE])[0]
    frames = row.of(tone(frequency_hz))
    (place,) = [p for p, label in panels.style_of(row.block).ticks if label == str(frequency_hz)]
    assert frames[len(frames) // 2].argmax() == pytest.approx(place, abs=1)


def test_ticks_of_the_chroma_axis_name_the_pitch() -> None:
    (row,) = rows_of([picture_specs()[1]])
    frames = row.of(tone(440))
    (place,) = [place for place, label in panels.style_of(row.block).ticks if label == "A"]
    assert frames[len(frames) // 2].argmax() == place


@pytest.mark.parametrize("padding", ["none", "constant"])
def test_time_of_a_frame_is_that_of_a_click_in_its_middle(padding: str) -> None:
    table = VOICE.to_dict()
    spec = FeatureSpec.from_dict(table | {"framing": table["framing"] | {"padding": padding}})
    click = 0 * tone(1)
    click[8000] = 1
    frames = samples.spectrogram_dbfs(click, spec)
    loudest_s = samples.frame_times_s(len(frames), spec)[frames.mean(axis=1).argmax()]
    assert loudest_s == pytest.approx(8000 / RATE_HZ, abs=0.006)


@pytest.mark.parametrize("name", recipe.names())
def test_every_recipe_can_be_drawn(name: str) -> None:
    spec = recipe.load(name).features
    sound = 0.1 * np.random.default_rng(1).standard_normal(spec.sample_rate_hz // 2)
    for row in rows_of([spec]):
        style = panels.style_of(row.block)
        values = panels.shown(row.block, row.of(sound.astype(np.float32)))
        assert values.ndim == 2
        assert style.title
        if style.bar:
            low, high = panels.colour_span(style, [values])
            assert low < high


def test_sound_shorter_than_a_frame_can_be_drawn() -> None:
    for row in rows_of(picture_specs()):
        assert np.isfinite(row.of(tone(500, length_s=0.001))).all()


@pytest.mark.parametrize(
    "block",
    [
        blocks.Contrast(kind="contrast", fmin_hz=200, n_bands=6, quantile=0.02, linear=False),
        blocks.Delta(kind="delta", of=VOICE.blocks[1], width=9, order=1),
        blocks.Delta(kind="delta", of=VOICE.blocks[0], width=9, order=2),
        blocks.Rms(kind="rms"),
        blocks.Flatness(kind="flatness", amin=1e-10, power=2.0),
    ],
    ids=lambda block: block.kind,
)
def test_ticks_lie_within_their_image(block: blocks.Block) -> None:
    style = panels.style_of(block)
    values = panels.shown(block, np.ones((5, blocks.block_width(block)), np.float32))
    assert all(0 <= place <= values.shape[1] for place, _ in style.ticks)
    assert (values.shape[1] == 1) == (not style.bar)
