from __future__ import annotations

from pathlib import Path

import pytest

from edge.app.models import BUNDLED_MODEL
from edge.errors import NoInputError, ProbeError, SignatureError
from edge.service.checks import models
from edge.service.checks.finding import Finding
from edge.store.catalog import ModelStore
from edge.store.entries import Installed
from tests.edge.store.models import added, store_in
from tests.support import REPOSITORY

BUNDLED = REPOSITORY / "edge" / "models" / BUNDLED_MODEL
LINE = "ann@desk ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUST\n"


def trusted(_: Installed) -> str:
    return "ann@desk"


def look(store: ModelStore, verify: models.Verify = trusted) -> Finding:
    return models.store(store, pinned="", verify=verify)


def test_the_model_that_comes_with_the_program() -> None:
    finding = models.model(BUNDLED, runtime="auto")
    assert finding.verdict == "ok"
    assert "golden cases agree" in finding.found


def test_a_flipped_bit_in_the_model(tmp_path: Path) -> None:
    data = bytearray(BUNDLED.read_bytes())
    data[20_000] ^= 1
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    with pytest.raises(ProbeError, match="SHA-256"):
        models.model(path, runtime="auto")


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"correct model\.path"):
        models.model(tmp_path / "gone.tflite", runtime="auto")


def test_nothing_was_pushed_yet(tmp_path: Path) -> None:
    finding = look(store_in(tmp_path))
    assert (finding.verdict, finding.found[:19]) == ("ok", "no model was pushed")
    assert not (tmp_path / "models").exists()  # looking makes nothing


def test_a_pinned_model_leaves_the_store_unused(tmp_path: Path) -> None:
    finding = models.store(store_in(tmp_path), pinned="/srv/own.tflite", verify=trusted)
    assert finding.found.startswith("not applicable: model.path names /srv/own.tflite")


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """Return a store in which 1.0 runs and 0.9 is the previous one."""
    store = store_in(tmp_path)
    for version in ("0.9", "1.0"):
        model = added(store, version)
        store.switch(model.id)
        store.confirm(model.id)
    return store


def test_a_model_that_has_proved_itself(store: ModelStore) -> None:
    finding = look(store)
    assert finding.verdict == "ok"
    assert finding.found.startswith("kitchen-1.0-")
    assert finding.found.endswith("(signed by ann@desk) runs, 2 installed")


def test_a_model_on_trial(store: ModelStore) -> None:
    store.switch(added(store, "1.1").id)
    assert "on trial since" in look(store).found


def test_a_model_that_was_taken_back_is_told(store: ModelStore) -> None:
    worse = added(store, "1.1")
    store.switch(worse.id)
    store.revert(worse.id, why="windows came late")
    finding = look(store)
    assert finding.verdict == "warning"
    assert f"{worse.id} was taken back at" in finding.found
    assert finding.found.endswith("windows came late")


@pytest.mark.parametrize("which", ["current", "previous"])
def test_a_damaged_model(store: ModelStore, which: str) -> None:
    model = getattr(store, which)()
    model.path.write_bytes(b"model 6.6")
    finding = look(store)
    assert finding.verdict == "problem"
    assert f"installed model {model.id}: its file has SHA-256" in finding.found
    assert "model rollback" in finding.remedy


def test_a_link_that_leads_nowhere(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "models/current/received.json").unlink()
    assert look(store).verdict == "problem"


def test_a_signature_that_does_not_hold_any_more(store: ModelStore) -> None:
    def refuse(model: Installed) -> str:
        raise SignatureError(f"{model.version} is signed by nobody here; add the key")

    finding = look(store, refuse)
    assert finding.verdict == "warning"
    assert finding.found == "1.0 is signed by nobody here; 0.9 is signed by nobody here"
    assert "ser-trainer sign" in finding.remedy


KEY = 'restrict,command="ser-edge model receive" ssh-ed25519 AAAA ann\n'


@pytest.mark.parametrize(
    ("text", "keys", "allow_unsigned", "verdict", "words"),
    [
        (LINE, KEY, False, "ok", "1 in "),
        (f"# a comment\n\n{LINE}{LINE}", None, False, "ok", "2 in "),
        (LINE, KEY, True, "ok", "without a signature are taken too"),
        ("# nobody yet\n", KEY, False, "warning", "names nobody"),
        (None, KEY, False, "warning", "names nobody"),
        (None, KEY, True, "ok", "0 in "),
        (None, "# nobody yet\n", False, "ok", "not applicable"),
        ("# nobody yet\n", None, False, "ok", "not applicable"),
    ],
)
def test_signers(
    tmp_path: Path,
    text: str | None,
    keys: str | None,
    allow_unsigned: bool,
    verdict: str,
    words: str,
) -> None:
    file, pushers = tmp_path / "allowed_signers", tmp_path / "authorized_keys"
    for path, content in ((file, text), (pushers, keys)):
        if content is not None:
            path.write_text(content)
            path.chmod(0o644)
    finding = models.signers(file, allow_unsigned=allow_unsigned, pushers=pushers)
    assert finding.verdict == verdict
    assert words in finding.found
    assert (f"sudo nano {file}" in finding.remedy) == (verdict == "warning")


def test_signers_that_everybody_may_name(tmp_path: Path) -> None:
    file = tmp_path / "allowed_signers"
    file.write_text(LINE)
    file.chmod(0o666)
    finding = models.signers(file, allow_unsigned=False, pushers=tmp_path / "keys")
    assert finding.verdict == "problem"
    assert f"sudo chmod 644 {file}" in finding.remedy
