"""The run folder: all that one training leaves behind, and where each thing lies in it."""

from __future__ import annotations

import csv
import importlib.metadata
import json
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from edge.contract.manifest import CorpusNote, Standardiser
from edge.contract.tables import Range
from edge.errors import NoInputError, OutputError
from trainer import recipe as recipes
from trainer import stored
from trainer.corpora.base import name_in
from trainer.examples.splits import Split
from trainer.recipe import Recipe

HISTORY = ("epoch", "loss", "validation_loss", "validation_uar", "seconds")
"""Columns of `RunFolder.history`."""

_LIBRARIES = (
    "tensorflow-cpu",
    "tensorflow",
    "keras",
    "librosa",
    "audiomentations",
    "numpy",
    "scipy",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a model comes from."""

    created_utc: str
    commit: str
    libraries: dict[str, str]
    corpora: tuple[CorpusNote, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """What was fitted beside the network."""

    temperature: Annotated[float, Range(1e-9)]
    standardise: Standardiser | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is known of a training that has ended."""

    protocol: Literal["random", "folds", "speakers", "corpora", "sentences", "recipe"]
    """How it was decided who learns and who is judged."""
    n_parameters: int
    origin: Origin
    fitted: Fitted


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitRow:
    """One recording and the part that it had in one training."""

    part: str
    corpus: str
    speaker: str
    file: str
    """Relative to the data folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFolder:
    """Paths within one run."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The recipe, as it was when the run began."""
        return self.path / "recipe.toml"

    @property
    def split(self) -> Path:
        """Every recording with the part it stands in."""
        return self.path / "split.csv"

    @property
    def left_out(self) -> Path:
        """Every recording that was not used, and why."""
        return self.path / "left_out.csv"

    @property
    def history(self) -> Path:
        """Loss and validation figures by epoch, as CSV."""
        return self.path / "history.csv"

    @property
    def model(self) -> Path:
        """The Keras model; there only when the training has ended."""
        return self.path / "model.keras"

    @property
    def representative(self) -> Path:
        """The windows that the int8 ranges come from."""
        return self.path / "representative.csv"

    @property
    def facts(self) -> Path:
        """Calibration, corpora and libraries; there only when the whole run has ended."""
        return self.path / "run.json"

    @property
    def tensorboard(self) -> Path:
        """Folder of the logs for TensorBoard."""
        return self.path / "tensorboard"

    @property
    def checkpoint(self) -> Path:
        """Where the training stood when it was last written down."""
        return self.path / "checkpoint.npz"

    @property
    def predictions(self) -> Path:
        """What each model file said of each test recording."""
        return self.path / "predictions.csv"

    @property
    def is_finished(self) -> bool:
        """Whether the training ended."""
        return self.facts.is_file()

    def flatbuffer(self, precision: str) -> Path:
        """Return the path of the bare network in one of the four precisions."""
        return self.path / f"{precision}.tflite"

    def read_recipe(self) -> Recipe:
        """Return the run's recipe.

        Raises
        ------
        NoInputError
            If the folder is no run.
        """
        self._refuse_stranger()
        return recipes.load(str(self.recipe))

    def read_facts(self) -> Facts:
        """Return what is known of the training.

        Raises
        ------
        NoInputError
            If the folder is no run, or the run has not ended.
        DamagedError
            If it cannot be read.
        """
        self._refuse_stranger()
        if not self.facts.is_file():
            raise NoInputError(
                f"{self.path} holds no finished run; end it with "
                f"ser-trainer train --resume {self.path}"
            )
        return stored.read_table(Facts, self.facts, remedy="train again")

    def _refuse_stranger(self) -> None:
        if not self.recipe.is_file():
            raise NoInputError(
                f"{self.path} is no run of ser-trainer: it holds no recipe.toml; name the folder "
                "that ser-trainer train has printed"
            )


def begin(recipe_text: str, *, name: str, folder: Path) -> RunFolder:
    """Make the folder of a new run and put the recipe into it.

    Raises
    ------
    OutputError
        If the folder cannot be made or holds a run already.
    """
    run = RunFolder(path=folder)
    refuse_taken(run, name=name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        run.recipe.write_text(recipe_text, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror}; name another folder with --out"
        ) from error
    return run


def refuse_taken(run: RunFolder, *, name: str) -> None:
    """Raise where a folder holds a run already.

    Raises
    ------
    OutputError
    """
    if run.recipe.exists():
        state = "a finished run" if run.is_finished else "an unfinished run"
        raise OutputError(
            f"{run.path} holds {state} already; name another folder for {name}, or continue an "
            "unfinished one with --resume"
        )


def default_folder(name: str) -> Path:
    """Return ``runs/<recipe>-<UTC>`` below the working folder."""
    return Path("runs") / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def write_split(path: Path, split: Split, *, data: Path) -> None:
    """List every recording, relative to the data folder, with its part; see `split_rows`."""
    rows = [
        (part, u.corpus, u.speaker, u.emotion, name_in(data, path=u.path))
        for part, utterances in split.parts().items()
        for u in utterances
    ]
    write_csv(path, ("part", "corpus", "speaker", "emotion", "file"), rows)


def split_rows(path: Path) -> list[SplitRow]:
    """Return what `write_split` wrote.

    Raises
    ------
    NoInputError
        If the file is absent.
    DamagedError
        If it is no list of recordings, or an empty one.
    """
    if not path.is_file():
        raise NoInputError(f"{path} does not exist; run ser-trainer train again")
    names = [field.name for field in fields(SplitRow)]
    rows = stored.read_rows(
        path, names, lambda row: SplitRow(**stored.only(row, names)), remedy="train again"
    )
    if not rows:
        raise stored.damaged(path, "no recording", remedy="train again")
    return rows


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that afterwards it is there whole, or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON, whole or not at all."""
    write_bytes(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that make a model."""
    return dict(_versions(_LIBRARIES))


def commit() -> str:
    """Return the commit of the project's checkout, with ``+`` if it was changed; else nothing."""
    here = Path(__file__).parent
    try:
        command = ("git", "describe", "--always", "--dirty=+", "--exclude=*", "--abbrev=40")
        done = subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=here, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _versions(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
