"""Features of recordings and of their augmented copies, made once and kept on disk.

A file of the cache is named by everything that went into it: the FeatureSpec's fingerprint, the
augmentation, its seed, rooms and noises, and the content of the recording. It is written as soon as
it is made, so an extraction that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge.errors import OutputError
from trainer import stored
from trainer.corpora.base import LeftOut
from trainer.features import workers
from trainer.features.extraction import Extraction, Recording, Source
from trainer.features.workers import Result

FloatArray = NDArray[np.float32]


def default_folder() -> Path:
    """Return where the cache lies unless it is said otherwise (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ser-trainer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """Features of sources, and the sources that could not be used."""

    versions: dict[str, tuple[FloatArray, ...]]
    """By the source's content, in the order of the sources: the original's features, then each
    copy's."""
    refused: tuple[LeftOut, ...]


class FeatureCache:
    """The cache in one folder.

    Parameters
    ----------
    folder : Path
        Made when it is missing; may be deleted at any time.
    n_processes : int
        Processes of this machine that extract in parallel.
    dask_address : str, optional
        Scheduler of a Dask cluster whose workers extract instead.
    """

    def __init__(self, folder: Path, *, n_processes: int, dask_address: str | None = None) -> None:
        self._folder = folder
        self._n_processes = n_processes
        self._dask_address = dask_address

    def fetch(self, sources: Sequence[Source], extraction: Extraction, *, title: str) -> Fetched:
        """Return the features of all sources; what is not in the cache is made first.

        A recording that cannot be decoded, is empty or is silent is refused by name, not an error:
        the caller decides how many of those are too many.

        Parameters
        ----------
        sources : sequence of Source
        extraction : Extraction
        title : str
            Stands before the progress bar.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        ClusterError
            If the Dask cluster cannot be used.
        """
        self._make_folder()
        asked = {source.content: source for source in sources}
        paths = {content: self._path(extraction.key(s)) for content, s in asked.items()}
        found = {content: _read(path) for content, path in paths.items()}
        missing = [source for content, source in asked.items() if found[content] is None]
        made = dict(self._made(missing, extraction, paths, title))
        results = {content: made.get(content, found[content]) for content in asked}
        return Fetched(
            versions={c: result for c, result in results.items() if isinstance(result, tuple)},
            refused=tuple(
                LeftOut(path=source.path, cause="unusable", reason=result)
                for source in missing
                if isinstance(result := results[source.content], str)
                and isinstance(source, Recording)
            ),
        )

    def _made(
        self,
        sources: Sequence[Source],
        extraction: Extraction,
        paths: dict[str, Path],
        title: str,
    ) -> Iterator[Result]:
        if not sources:
            return
        bar = tqdm(total=len(sources), desc=title, unit="clip", disable=None)
        with bar, closing(self._results(sources, extraction)) as results:
            for content, result in results:
                if isinstance(result, tuple):
                    self._write(paths[content], result)
                bar.update()
                yield content, result

    def _results(
        self, sources: Sequence[Source], extraction: Extraction
    ) -> Generator[Result, None, None]:
        if self._dask_address:
            return workers.extract_on_cluster(sources, extraction, address=self._dask_address)
        n_processes = min(self._n_processes, len(sources))
        return workers.extract_locally(sources, extraction, n_processes=n_processes)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npz"

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def _write(self, path: Path, versions: tuple[FloatArray, ...]) -> None:
        content = io.BytesIO()
        np.savez(content, frames=np.concatenate(versions), lengths=[len(v) for v in versions])
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            part.write_bytes(content.getbuffer())
            part.replace(path)
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            part.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(
            f"the feature cache {self._folder} cannot be written: {error.strerror}; make room "
            "there, or name another folder with --cache"
        )


def _read(path: Path) -> tuple[FloatArray, ...] | None:
    """Return what a file of the cache holds; None where there is none, or only half of one."""
    try:
        arrays = stored.read_arrays(path.read_bytes())
        ends = np.cumsum(arrays["lengths"])
        return tuple(np.split(arrays["frames"], ends[:-1]))
    except (FileNotFoundError, ValueError, KeyError):
        return None
