"""Who extracts: the processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import joblib
import numpy as np
from numpy.typing import NDArray

from edge import __version__
from edge.errors import EXIT_UNAVAILABLE, AudioDataError, SerError
from trainer.features.extraction import Extraction, Source

FloatArray = NDArray[np.float32]
Result = tuple[str, tuple[FloatArray, ...] | str]
"""A source's content, with the features of its versions or why there can be none."""

_LIBRARIES = ("numpy", "scipy", "librosa", "soundfile", "audiomentations", "python-stretch")
_PROTOCOLS = ("tcp", "tls")
_PATIENCE_S = 10


class ClusterError(SerError, OSError):
    """A Dask cluster cannot be used."""

    exit_code = EXIT_UNAVAILABLE


def extract_locally(
    sources: Sequence[Source], extraction: Extraction, *, n_processes: int
) -> Generator[Result, None, None]:
    """Extract in processes of this machine; results come as they are ready.

    Parameters
    ----------
    sources : sequence of Source
    extraction : Extraction
    n_processes : int
        1 works in the calling process.
    """
    work = joblib.Parallel(n_jobs=n_processes, return_as="generator_unordered")
    with closing(work(joblib.delayed(attempt)(source, extraction) for source in sources)) as done:
        yield from done


def extract_on_cluster(
    sources: Sequence[Source], extraction: Extraction, *, address: str
) -> Generator[Result, None, None]:
    """Extract on the workers of a Dask cluster; results come as they are ready.

    The recordings travel as bytes, those of rooms and noises once to each worker: a worker needs
    this program and its libraries, but neither the data folder nor the cache.

    Parameters
    ----------
    sources : sequence of Source
    extraction : Extraction
    address : str
        Of the scheduler: ``tcp://desk:8786``.

    Raises
    ------
    ClusterError
        If Dask is not installed, nobody answers, or the workers have other libraries.
    """
    with _cluster(address) as client:
        carried = extraction.carried()
        with joblib.parallel_config("dask", client=client, scatter=[carried]):
            work = joblib.Parallel(return_as="generator_unordered")
        tasks = (joblib.delayed(attempt)(source.carried(), carried) for source in sources)
        with closing(work(tasks)) as done:
            yield from done


def attempt(source: Source, extraction: Extraction) -> Result:
    """Extract from one source."""
    try:
        return source.content, tuple(extraction.run(source))
    except AudioDataError as error:
        return source.content, str(error)


def versions() -> dict[str, str]:
    """Return the versions of what decides about the numbers."""
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"ser-trainer": __version__} | libraries


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """Return a client of a cluster that has workers, all of them like this machine."""
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(
            "--dask needs Dask, which is not installed; pip install 'speech-emotion-edge[dask]'"
        ) from error
    _refuse_impossible(address)
    try:
        client = distributed.Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except OSError as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address}; start one with `dask scheduler`, "
            "which prints its address, or check --dask"
        ) from error
    # In fifty lines it would say what ClusterError says in one.
    log = logging.getLogger("distributed")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    with client:
        _refuse_no_workers(client, address)
        _refuse_other_versions(client)
        try:
            yield client
        except (CancelledError, distributed.KilledWorker) as error:
            raise ClusterError(
                f"the Dask cluster at {address} was lost, or its workers died; what they have made "
                "is kept, run the same command again to go on"
            ) from error


def _refuse_impossible(address: str) -> None:
    """Raise before Dask would try for a while and end with a traceback."""
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        possible = parts.scheme in _PROTOCOLS and parts.hostname and parts.port
    except ValueError:
        possible = False
    if not possible:
        raise ClusterError(
            f"{address!r} is no address of a Dask scheduler, expected one as tcp://desk:8786"
        )


def _refuse_no_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_S)
    except TimeoutError as error:
        raise ClusterError(
            f"the Dask scheduler at {address} has no worker; start one on each machine with "
            f"`dask worker {address} --nthreads 1 --nworkers auto`"
        ) from error


def _refuse_other_versions(client: Any) -> None:
    """Features under one name in the cache must not depend on who made them."""
    here = versions()
    for worker, found in client.run(versions, on_error="return").items():
        if isinstance(found, Exception):
            raise ClusterError(
                f"the Dask worker {worker} cannot run ser-trainer ({found}); install "
                "'speech-emotion-edge[trainer,dask]' there"
            )
        for name, version in here.items():
            if found[name] != version:
                raise ClusterError(
                    f"the Dask worker {worker} has {name} {found[name]}, expected {version} as "
                    "here; install the same version there"
                )
