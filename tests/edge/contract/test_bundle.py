from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.contract import golden
from edge.contract.bundle import MANIFEST, ModelBundle, write_bundle
from edge.contract.labels import EMOTIONS, NON_VOICE
from edge.errors import (
    BundleError,
    ChecksumError,
    ManifestError,
    NoInputError,
    NoManifestError,
    NotAModelError,
    OutputError,
    TruncatedModelError,
    UnknownSchemaError,
    UnsupportedFeaturesError,
)
from tests.fakes.specs import FLATBUFFER, golden_case, manifest


def written(folder: Path, **changes: object) -> Path:
    path = folder / "model.tflite"
    write_bundle(
        path,
        flatbuffer=FLATBUFFER,
        manifest=manifest(**changes),
        golden_cases=[golden_case()],
        model_card="# A card\n",
    )
    return path


def with_manifest(folder: Path, **changes: object) -> Path:
    """A file whose manifest was changed by hand."""
    table = json.loads(manifest().to_json()) | changes
    buffer = io.BytesIO(FLATBUFFER)
    with zipfile.ZipFile(buffer, "a") as tail:
        tail.writestr(MANIFEST, json.dumps(table))
        tail.writestr("golden.npz", golden.pack([golden_case()]))
        tail.writestr("model_card.md", "")
    path = folder / "changed.tflite"
    path.write_bytes(buffer.getvalue())
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    bundle = ModelBundle.load(written(tmp_path))
    assert bundle.manifest == manifest()
    assert bundle.flatbuffer == FLATBUFFER
    assert bundle.model_card == "# A card\n"
    (case,) = bundle.golden
    expected = golden_case()
    assert case.name == expected.name
    for part in ("samples", "features", "logits"):
        np.testing.assert_array_equal(getattr(case, part), getattr(expected, part))


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    first = written(tmp_path).read_bytes()
    assert written(tmp_path).read_bytes() == first


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    written(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        written(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]


def test_a_wrong_checksum_is_not_even_written(tmp_path: Path) -> None:
    with pytest.raises(ChecksumError):
        written(tmp_path, sha256="0" * 64)


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="no such model file"):
        ModelBundle.load(tmp_path / "absent.tflite")


@pytest.mark.parametrize("content", [b"", b"hello", b"RIFF" + b"\0" * 100])
def test_not_a_model(content: bytes) -> None:
    with pytest.raises(NotAModelError, match=r"x\.tflite: the file .* is no TFLite model"):
        ModelBundle.from_bytes(content, source="x.tflite")


def test_a_bare_flatbuffer_has_no_manifest() -> None:
    with pytest.raises(NoManifestError, match="without a manifest"):
        ModelBundle.from_bytes(FLATBUFFER, source="x")


def test_other_appended_files_are_no_manifest(tmp_path: Path) -> None:
    buffer = io.BytesIO(FLATBUFFER)
    with zipfile.ZipFile(buffer, "a") as tail:
        tail.writestr("labels.txt", "a\nb\n")
    with pytest.raises(NoManifestError, match=r"\(labels.txt\) hold no manifest.json"):
        ModelBundle.from_bytes(buffer.getvalue(), source="x")


def test_every_truncation_has_a_clear_error(tmp_path: Path) -> None:
    content = written(tmp_path).read_bytes()
    kinds = set()
    for n in range(len(content)):
        with pytest.raises(BundleError) as caught:
            ModelBundle.from_bytes(content[:n], source="x")
        kinds.add(type(caught.value))
    assert kinds == {NotAModelError, NoManifestError, TruncatedModelError}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(data=st.data())
def test_a_flipped_bit_is_never_silently_another_model(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(written(tmp_path).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        bundle = ModelBundle.from_bytes(bytes(content), source="x")
    except BundleError:
        return
    # What is not covered by a checksum are fields of the ZIP that nobody reads (dates, modes).
    assert bundle.manifest == manifest()
    assert bundle.flatbuffer == FLATBUFFER
    np.testing.assert_array_equal(bundle.golden[0].logits, golden_case().logits)


def test_wrong_sha(tmp_path: Path) -> None:
    with pytest.raises(ChecksumError, match="its manifest says 000000000000"):
        ModelBundle.load(with_manifest(tmp_path, sha256="0" * 64))


def test_unknown_schema(tmp_path: Path) -> None:
    with pytest.raises(UnknownSchemaError, match="schema version 99, this program reads 1"):
        ModelBundle.load(with_manifest(tmp_path, schema_version=99))


def test_features_that_this_edge_cannot_compute(tmp_path: Path) -> None:
    table = json.loads(manifest().to_json())["features"]
    table["blocks"] = [{"kind": "wavelet"}]
    with pytest.raises(UnsupportedFeaturesError, match="'wavelet' is unknown"):
        ModelBundle.load(with_manifest(tmp_path, features=table))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, "colour: unknown key"),
        ({"temperature": 0.0}, "temperature: 0.0 is out of bounds"),
        ({"labels": ["happy", "calm"]}, "labels are happy, calm; expected a subset"),
        ({"labels": [NON_VOICE, *EMOTIONS]}, "labels are non_voice"),
        ({"fingerprint": "0"}, "fingerprint does not belong to features"),
    ],
)
def test_a_wrong_manifest_names_the_key(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        ModelBundle.load(with_manifest(tmp_path, **changes))
