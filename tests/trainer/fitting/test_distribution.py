"""Two workers and two processors learn what one learns; who cannot take part says so and ends."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import REPOSITORY, data_dir, need
from trainer import recipe as recipes
from trainer.cli import main

keras = pytest.importorskip("keras")

from trainer.fitting import distribution  # noqa: E402 - needs keras

ACTORS = ("01", "02", "03", "04", "05", "06")
LIMIT_S = 300


@pytest.fixture(scope="module")
def few_recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with eight recordings of each of six actors."""
    origin, folder = data_dir() / "ravdess", tmp_path_factory.mktemp("few") / "ravdess"
    need(origin.is_dir(), "corpus ravdess")
    for actor in ACTORS:
        (folder / f"Actor_{actor}").mkdir(parents=True)
        for path in (origin / f"Actor_{actor}").glob("03-01-0*-01-01-01-*"):
            (folder / path.relative_to(origin)).symlink_to(path)
    return folder.parent


def small() -> recipes.Recipe:
    """Return a recipe without dropout, whose masks each replica would draw for itself.

    Gradient descent, because Adam makes a whole step of what is only rounding; batches that two
    divide evenly, because normalisation would see an example twice. Two epochs, and the last one's
    weights: what is only rounding at first grows tenfold with every other epoch.
    """
    known = recipes.load("ds-cnn")
    parameters = {**known.model.parameters, "filters": 4, "n_blocks": 1, "dropout": [0.0, 0.0]}
    fit = dataclasses.replace(
        known.learning.fit,
        n_epochs=2,
        patience=0,
        batch_size=8,
        optimizer="sgd",
        learning_rate=0.05,
    )
    return dataclasses.replace(
        known,
        name="small",
        corpora=known.corpora[:1],
        model=dataclasses.replace(known.model, parameters=parameters),
        quantisation=dataclasses.replace(known.quantisation, n_windows=8),
        learning=dataclasses.replace(known.learning, n_copies=0, waveform=(), fit=fit),
    )


def command(recipe: Path, data: Path, base: Path, *more: str) -> list[str]:
    where = ("--out", str(base / "run"), "--cache", str(base / "cache"), "--processes", "1")
    return ["train", str(recipe), "--data", str(data), *where, *more]


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for each in sockets:
        each.close()
    return ports


def started(index: int, ports: Sequence[int], words: Sequence[str], base: Path) -> subprocess.Popen:
    """Start a worker as its user would, with a folder of its own for what is temporary."""
    (base / "tmp").mkdir(parents=True)
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    told = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
    return subprocess.Popen(
        [sys.executable, "-m", "trainer", *words],
        cwd=REPOSITORY,
        env={**os.environ, "TF_CONFIG": told, "TMPDIR": str(base / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(processes: Sequence[subprocess.Popen]) -> list[tuple[int, str, str]]:
    try:
        said = [process.communicate(timeout=LIMIT_S) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(p.returncode, *texts) for p, texts in zip(processes, said, strict=True)]


def weights(run: Path) -> list[np.ndarray]:
    return keras.saving.load_model(run / "model.keras", compile=False).get_weights()


def history(run: Path) -> list[dict[str, float]]:
    with (run / "history.csv").open(newline="") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def test_two_workers_learn_what_one_learns(few_recordings: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "small.toml"
    recipe.write_text(recipes.to_toml(small()))
    alone, chief, other = (tmp_path / name for name in ("alone", "chief", "other"))
    ports = free_ports(2)
    workers = [
        started(i, ports, command(recipe, few_recordings, base, "--strategy", "workers"), base)
        for i, base in enumerate((chief, other))
    ]
    assert main(command(recipe, few_recordings, alone)) == 0
    (code, out, err), (other_code, other_out, other_err) = ended(workers)
    assert (code, other_code) == (0, 0), err + other_err
    assert out.strip() == str(chief / "run")
    assert other_out == ""

    made = {path.name for path in (chief / "run").iterdir()}
    assert made == {path.name for path in (alone / "run").iterdir()}
    assert not (other / "run").exists()
    # TensorFlow leaves compiled Python there.
    assert {path.name for path in (other / "tmp").iterdir()} <= {"__pycache__"}

    for ours, theirs in zip(weights(alone / "run"), weights(chief / "run"), strict=True):
        np.testing.assert_allclose(theirs, ours, atol=3e-4)
    for ours, theirs in zip(history(alone / "run"), history(chief / "run"), strict=True):
        for name in ("epoch", "loss", "validation_loss", "validation_uar"):
            assert theirs[name] == pytest.approx(ours[name], abs=2e-4)


def test_a_worker_with_another_recipe_is_refused(few_recordings: Path, tmp_path: Path) -> None:
    ports = free_ports(2)
    workers = []
    for index in range(2):
        base = tmp_path / str(index)
        base.mkdir()
        recipe = base / "small.toml"
        recipe.write_text(recipes.to_toml(dataclasses.replace(small(), seed=index)))
        words = command(recipe, few_recordings, base, "--strategy", "workers")
        workers.append(started(index, ports, words, base))
    (code, out, err), (other_code, _, other_err) = ended(workers)
    assert (code, other_code) == (69, 69)
    assert out == ""
    assert "another worker is lost" in err
    assert "would learn something else than the chief" in other_err
    assert not (tmp_path / "0" / "run" / "model.keras").exists()


def test_two_processors_learn_what_one_learns(tmp_path: Path) -> None:
    script = Path(__file__).with_name("two_processors.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["n_replicas"] == 2
    assert told["n_answers"] == 7
    assert told["to_one"] < 1e-5
    assert told["to_itself"] == 0.0
    assert told["to_resumed"] == 0.0


@given(
    weights=st.lists(st.floats(0, 9, width=32), min_size=1, max_size=12),
    n_replicas=st.integers(1, 5),
)
def test_replicas_share_a_batch_evenly(weights: list[float], n_replicas: int) -> None:
    n_examples = len(weights)
    losses = np.arange(n_examples, dtype=np.float32)
    batch = (losses, losses, np.array(weights, np.float32))
    inputs, targets, shared = distribution.shared_out(batch, n_replicas=n_replicas)
    assert len(inputs) == len(targets) == len(shared)
    assert len(shared) % n_replicas == 0
    assert len(shared) - n_examples < n_replicas
    np.testing.assert_array_equal(inputs, targets)
    np.testing.assert_array_equal(inputs[:n_examples], losses)
    assert np.mean(inputs * shared) == pytest.approx(np.mean(batch[0] * batch[2]), abs=1e-4)


def test_from_chief_comes_what_it_gave() -> None:
    assert distribution.from_chief(b"") == b""
    assert distribution.from_chief(b"\x00\xff") == b"\x00\xff"


@pytest.mark.parametrize("told", [None, "{"])
def test_workers_need_their_cluster(
    few_recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    told: str | None,
) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if told:
        monkeypatch.setenv("TF_CONFIG", told)
    words = command(Path("mlp-180"), few_recordings, tmp_path, "--strategy", "workers")
    assert main(words) == 2
    assert "TF_CONFIG" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_unknown_strategy_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["train", "ds-cnn", "--strategy", "elsewhere"])
    assert ending.value.code == 2
    assert "'none', 'mirrored', 'workers'" in capsys.readouterr().err
