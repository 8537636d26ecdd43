"""Scans of whole folders: one with every fault, and slices of the real recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import NoInputError
from tests.fakes.surveys import write_faulty_corpus, write_healthy_corpus
from tests.support import data_dir, need
from trainer.survey.faults import findings
from trainer.survey.scan import scan


def linked(folder: Path, *patterns: str) -> Path:
    """Return a data folder with links to some of the real recordings."""
    origin = data_dir()
    for path in (p for pattern in patterns for p in origin.glob(pattern)):
        link = folder / path.relative_to(origin)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    need(folder.is_dir() and any(folder.iterdir()), f"recordings {' '.join(patterns)}")
    return folder


def test_every_fault_is_found_where_it_is(tmp_path: Path) -> None:
    expected = write_faulty_corpus(tmp_path / "home")
    found = {f.kind.name: f for f in findings(scan(tmp_path, None, n_threads=2))}
    assert found.keys() == expected.keys()
    for kind, files in expected.items():
        assert [e.subject for e in found[kind].entries] == [f"home/{file}" for file in files], kind


def test_healthy_recordings_have_nothing_wrong(tmp_path: Path) -> None:
    write_healthy_corpus(tmp_path / "home")
    (corpus,) = scan(tmp_path, ["home"], n_threads=2).corpora
    assert corpus.emotions == ("happy", "sad", "angry")
    assert [item.file for item in corpus.examined][:2] == [
        "home/angry/anna/1.wav",
        "home/angry/anna/2.wav",
    ]
    assert not findings(scan(tmp_path, None, n_threads=1))


def test_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    write_faulty_corpus(tmp_path / "home")
    assert scan(tmp_path, None, n_threads=1) == scan(tmp_path, None, n_threads=3)


def test_folders_without_labels_are_counted_where_all_is_looked_at(tmp_path: Path) -> None:
    write_healthy_corpus(tmp_path / "home")
    (tmp_path / "rooms").mkdir()
    (tmp_path / "rooms" / "kitchen.wav").touch()
    (tmp_path / "empty").mkdir()
    assert scan(tmp_path, None, n_threads=1).unlabelled == {"rooms": 1}
    assert scan(tmp_path, ["home"], n_threads=1).unlabelled == {}


def test_folder_without_a_corpus_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"holds no corpus; expected .*ravdess"):
        scan(tmp_path, None, n_threads=1)


def test_twin_of_ravdess_is_a_note(tmp_path: Path) -> None:
    data = linked(tmp_path / "data", "ravdess/Actor_07/03-01-0[13]-01-02-*")
    (note,) = [
        f for f in findings(scan(data, ["ravdess"], n_threads=2)) if f.kind.severity != "warning"
    ]
    assert note.kind.severity == "note"
    assert "the same recording as 03-01-03-01-02-01-07" in note.kind.text
    assert [e.subject for e in note.entries] == ["ravdess/Actor_07/03-01-03-01-02-02-07.flac"]


def test_twin_under_another_name_is_a_duplicate(tmp_path: Path) -> None:
    data = linked(tmp_path / "data", "ravdess/Actor_07/03-01-03-01-0[12]-01-*")
    twin = "ravdess/Actor_07/03-01-03-01-02-02-07.flac"
    (data / twin).with_name("03-01-03-02-02-02-07.flac").symlink_to(data_dir() / twin)
    found = {f.kind.name: f.entries for f in findings(scan(data, None, n_threads=2))}
    assert found["duplicate"][0].same_as == ("ravdess/Actor_07/03-01-03-02-02-02-07.flac",)


@pytest.mark.parametrize(
    "pattern",
    ["ravdess/Actor_0[12]/*", "emodb/0[38]*", "tess/*_b[ae]*", "nemo/SM0_*_1[0-9].ogg"],
)
def test_released_corpora_have_no_faults(tmp_path: Path, pattern: str) -> None:
    found = findings(scan(linked(tmp_path / "data", pattern), None, n_threads=2))
    named = {f.kind.name for f in found if f.kind.severity != "note"}
    assert named <= {"rare", "lacking", "few_speakers", "one_speaker"}


def test_clipped_recording_of_tess_is_found(tmp_path: Path) -> None:
    data = linked(tmp_path / "data", "tess/?AF_pa[dl]*_ps.ogg")
    found = {f.kind.name: f.entries for f in findings(scan(data, None, n_threads=2))}
    assert [e.subject for e in found["clipped"]] == ["tess/OAF_pad_ps.ogg"]
