"""What a finished run is exported to, and when it is not; without any training."""

from __future__ import annotations

import dataclasses
import json
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.contract import tables
from edge.contract.bundle import ModelBundle
from edge.errors import NoInputError, OperatorTooNewError, OutputError
from trainer import corpora, run
from trainer import recipe as recipes
from trainer.examples.splits import Split
from trainer.features.parity import ParityError
from trainer.recipe.schema import CorpusUse
from trainer.run import Facts, Origin, RunFolder

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from trainer.modelfile import quantize  # noqa: E402
from trainer.modelfile.candidates import QualityError  # noqa: E402
from trainer.modelfile.export import export, export_all, losses  # noqa: E402
from trainer.modelfile.manifest import corpus_notes  # noqa: E402
from trainer.modelfile.precisions import PRECISIONS  # noqa: E402
from trainer.models import build  # noqa: E402


def by_speaker(system: Any) -> Split:
    """Judge by the last speaker, choose by the one before."""
    *_, chosen_by, judged_by = sorted({u.speaker for u in system.utterances})
    return Split(
        train=tuple(u for u in system.utterances if u.speaker not in {chosen_by, judged_by}),
        validation=tuple(u for u in system.utterances if u.speaker == chosen_by),
        test=tuple(u for u in system.utterances if u.speaker == judged_by),
    )


def by_clip(system: Any) -> Split:
    everything = system.utterances
    return Split(train=everything[::2], validation=everything[1::4], test=everything[3::4])


def finished(system: Any, split: Split, folder: Path, data: Path, **changes: Any) -> RunFolder:
    """Write the run folder that a training of this network would have left."""
    made = dataclasses.replace(system.recipe, **changes)
    begun = run.begin(recipes.to_toml(made), name=made.name, folder=folder / "run")
    run.write_split(begun.split, split, data=data)
    for precision, file in system.files.items():
        flatbuffer = ModelBundle.load(file).flatbuffer
        begun.flatbuffer(precision).write_bytes(flatbuffer)
    origin = Origin(
        created_utc="2026-11-21T00:00:00Z",
        commit="",
        libraries={"keras": keras.__version__},
        corpora=corpus_notes(made, split, data=data),
    )
    facts = Facts(protocol="recipe", n_parameters=1234, origin=origin, fitted=system.fitted)
    run.write_json(begun.facts, tables.to_table(facts))
    return begun


@pytest.fixture(scope="module")
def gender(make_system: Callable[[str], Any]) -> Any:
    return make_system("sexes")


@pytest.fixture
def gender_run(gender: Any, slice_of_data: Path, tmp_path: Path) -> RunFolder:
    return finished(gender, by_speaker(gender), tmp_path, slice_of_data)


@contextmanager
def files_of_at_most(n_bytes: int) -> Iterator[None]:
    """Let the disk be full as soon as a file is larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_every_precision_becomes_a_file(
    gender: Any, gender_run: RunFolder, slice_of_data: Path, tmp_path: Path
) -> None:
    done, refused = export_all(
        gender_run, data=slice_of_data, out=tmp_path / "sex.tflite", keras_logits=gender.logits
    )
    assert not refused
    assert [one.path.name for one in done] == [f"sex-{name}.tflite" for name in PRECISIONS]
    for one in done:
        assert one.n_bytes == one.path.stat().st_size
        manifest = ModelBundle.load(one.path).manifest
        found = one.figures[one.precision]["ravdess"]
        assert manifest.metrics["ravdess.test.uar"] == found["uar"]
        assert losses(one) == {"ravdess": pytest.approx(0.0, abs=0.3)}
    assert json.loads((gender_run.path / "figures.json").read_text())["int8"].keys() == {"ravdess"}


def test_the_card_of_a_model_of_the_sex(
    gender: Any, gender_run: RunFolder, slice_of_data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sex.tflite"
    export(
        gender_run,
        data=slice_of_data,
        out=out,
        keras_logits=gender.logits,
        precision="float16",
    )
    card = ModelBundle.load(out).model_card
    for words in (
        "Tells the speaker's sex",
        "Precision: float16",
        "Accuracy on new voices",
        "UAR, float16",
        "North American English, acted (ravdess)",
        "their ages are not known",
        "no output for sounds without a voice",
    ):
        assert words in card
    for words in ("German", "Polish", "neutral", "Sounds without a voice", "None"):
        assert words not in card


def test_a_split_that_shares_speakers_does_not_pass_for_new_voices(
    make_system: Callable[[str], Any], slice_of_data: Path, tmp_path: Path
) -> None:
    system, out = make_system("pooled"), tmp_path / "model.tflite"
    folder = finished(system, by_clip(system), tmp_path, slice_of_data)
    done = export(
        folder, data=slice_of_data, out=out, keras_logits=system.logits, precision="float32"
    )
    bundle = ModelBundle.load(out)
    (note,) = bundle.manifest.corpora
    assert len(note.speakers_train) == 4
    assert (note.speakers_validation, note.speakers_test) == ((), ())
    assert bundle.manifest.metrics.keys() == {
        f"ravdess.known_voices.{name}" for name in ("uar", "accuracy", "macro_f1", "ece")
    }
    assert "Accuracy on voices that it was trained on" in bundle.model_card
    assert "new voices" not in bundle.model_card
    assert done.figures["protocol"].startswith("Split by recording, not by speaker: 4 of the 4")


@pytest.mark.parametrize("absent", ["validation", "test"])
def test_a_part_that_nobody_stands_in(
    absent: str, gender: Any, slice_of_data: Path, tmp_path: Path
) -> None:
    split = dataclasses.replace(by_speaker(gender), **{absent: ()})
    folder, out = finished(gender, split, tmp_path, slice_of_data), tmp_path / "model.tflite"
    export(folder, data=slice_of_data, out=out, keras_logits=gender.logits)
    bundle = ModelBundle.load(out)
    assert ("No recording was held out" in bundle.model_card) == (absent == "test")
    assert bool(bundle.manifest.metrics) == (absent == "validation")


def test_recordings_of_ones_own(make_system: Callable[[str], Any], tmp_path: Path) -> None:
    public, data, out = make_system("pooled"), tmp_path / "data", tmp_path / "family.tflite"
    for utterance in public.utterances:
        place = data / "family" / utterance.emotion / utterance.speaker / utterance.path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(utterance.path.resolve())
    system = dataclasses.replace(public, utterances=corpora.find("family", data).utterances)
    use = CorpusUse(name="family", weight=1.0)
    folder = finished(system, by_speaker(system), tmp_path, data, corpora=(use,))
    export(folder, data=data, out=out, keras_logits=system.logits)
    card = ModelBundle.load(out).model_card
    assert "**family**: Own recordings, not published. Licence: yours" in card
    assert "a language that its maker knows, own recordings (family)" in card
    assert "allow no commercial use" not in card


def test_int8_that_loses_too_much_is_refused_with_both_figures(
    gender: Any, gender_run: RunFolder, slice_of_data: Path, tmp_path: Path
) -> None:
    stranger = build("mlp", input_shape=(180,), n_classes=2, hidden=[4], dropout=[0.0])
    stranger.layers[-1].set_weights([np.zeros((4, 2)), np.array([9.0, 0.0])])
    windows = [np.ones(180, np.float32), -np.ones(180, np.float32)]
    gender_run.flatbuffer("int8").write_bytes(quantize.to_int8(stranger, windows))
    out = tmp_path / "model.tflite"
    with pytest.raises(
        QualityError, match=r"int8 loses \d+\.\d% UAR .* \(\d+\.\d% to \d+\.\d%\).* allows 5\.0%"
    ):
        export(gender_run, data=slice_of_data, out=out, keras_logits=gender.logits)
    assert not out.exists()
    done, refused = export_all(gender_run, data=slice_of_data, out=out, keras_logits=gender.logits)
    assert [one.precision for one in done] == ["float32", "float16", "dynamic"]
    assert len(refused) == 1


def test_a_file_that_is_too_large_is_refused_before_it_is_judged(
    gender: Any, slice_of_data: Path, tmp_path: Path
) -> None:
    allowed = dataclasses.replace(gender.recipe.quantisation, largest_bytes=30_000)
    folder = finished(gender, by_speaker(gender), tmp_path, slice_of_data, quantisation=allowed)
    out = tmp_path / "model.tflite"
    with pytest.raises(QualityError, match=r"would have \d+ bytes, the recipe allows 30000"):
        export(folder, data=slice_of_data, out=out, keras_logits=gender.logits, precision="float32")
    assert not (folder.path / "figures.json").exists()
    assert not list(tmp_path.glob("*.tflite*"))


def test_an_operator_that_the_oldest_runtime_lacks_is_refused(
    gender: Any, gender_run: RunFolder, slice_of_data: Path, tmp_path: Path
) -> None:
    one = keras.Input((180,), batch_size=1)
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(one, gender.model(one)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    gender_run.flatbuffer("dynamic").write_bytes(converter.convert())
    with pytest.raises(OperatorTooNewError, match="FULLY_CONNECTED version 12, tflite-runtime"):
        export(
            gender_run,
            data=slice_of_data,
            out=tmp_path / "model.tflite",
            keras_logits=gender.logits,
            precision="dynamic",
        )


def test_another_network_than_that_of_keras_is_refused(
    gender: Any, gender_run: RunFolder, slice_of_data: Path, tmp_path: Path
) -> None:
    with pytest.raises(ParityError, match="logits of"):
        export(
            gender_run,
            data=slice_of_data,
            out=tmp_path / "model.tflite",
            keras_logits=lambda window: -gender.logits(window),
        )


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    gender: Any, gender_run: RunFolder, slice_of_data: Path, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    out = place / "model.tflite"
    out.write_bytes(b"what was there before")
    with files_of_at_most(30_000), pytest.raises(OutputError, match=r"model.tflite: .* large"):
        export(gender_run, data=slice_of_data, out=out, keras_logits=gender.logits)
    assert list(place.iterdir()) == [out]
    assert out.read_bytes() == b"what was there before"
    assert not list(gender_run.path.glob("*part*"))


def test_a_folder_that_is_not_there_is_told_before_anything_is_judged(
    gender: Any, gender_run: RunFolder, slice_of_data: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="its folder does not exist"):
        export(
            gender_run,
            data=slice_of_data,
            out=tmp_path / "absent" / "model.tflite",
            keras_logits=gender.logits,
        )


def test_a_precision_that_the_run_lacks(
    gender: Any, gender_run: RunFolder, slice_of_data: Path, tmp_path: Path
) -> None:
    gender_run.flatbuffer("int8").unlink()
    out = tmp_path / "model.tflite"
    with pytest.raises(NoInputError, match="no int8 network"):
        export(gender_run, data=slice_of_data, out=out, keras_logits=gender.logits)
    done, _ = export_all(gender_run, data=slice_of_data, out=out, keras_logits=gender.logits)
    assert [one.precision for one in done] == ["float32", "float16", "dynamic"]


def test_recordings_that_have_gone(
    gender: Any, gender_run: RunFolder, slice_of_data: Path, tmp_path: Path
) -> None:
    data = tmp_path / "less"
    shutil.copytree(slice_of_data / "ravdess", data / "ravdess", symlinks=True)
    gone = sorted((data / "ravdess" / "Actor_17").iterdir())[:2]
    for path in gone:
        path.unlink()
    with pytest.raises(NoInputError, match=rf"2 recordings .*{gone[0].name}.*--data"):
        export(gender_run, data=data, out=tmp_path / "model.tflite", keras_logits=gender.logits)
