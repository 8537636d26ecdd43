"""The workers that train one network together: who they are, and whether they are all there."""

from __future__ import annotations

import json
import logging
import socket
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, get_args

from edge.errors import EXIT_UNAVAILABLE, SerError, UsageError

StrategyName = Literal["none", "mirrored", "workers"]
STRATEGIES: tuple[StrategyName, ...] = get_args(StrategyName)

_JOBS = ("chief", "worker")
_EXAMPLE = (
    '{"cluster": {"worker": ["desk:2222", "attic:2222"]}, "task": {"type": "worker", "index": 0}}'
)
_KNOCK_S = 2.0
_PAUSE_S = 0.2
_HIGHEST_PORT = 65535

_log = logging.getLogger(__name__)


class PeerError(SerError, OSError):
    """Another worker of a training is not there, is gone, or learns something else."""

    exit_code = EXIT_UNAVAILABLE


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a worker listens."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """All workers of one training."""

    addresses: tuple[Address, ...]
    """The chief's first."""
    own: int
    """Which of them this process is."""

    @property
    def is_chief(self) -> bool:
        """Whether this worker keeps what is trained."""
        return self.own == 0


def read_cluster(text: str | None) -> Cluster:
    """Read what TensorFlow's environment variable ``TF_CONFIG`` says.

    Parameters
    ----------
    text : str or None
        JSON; none where the variable is not set.

    Raises
    ------
    UsageError
        If it is not set, or says something else than who the workers are and which one this is.
    """
    if not text:
        raise UsageError(
            f"--strategy workers needs TF_CONFIG, which is not set; expected one as {_EXAMPLE}"
        )
    try:
        told = json.loads(text)
        jobs = told["cluster"]
        found = {job: [_address(place) for place in jobs[job]] for job in jobs}
        task_type, index = told["task"]["type"], int(told["task"]["index"])
    except json.JSONDecodeError as error:
        raise UsageError(f"TF_CONFIG is no JSON ({error}), expected it as {_EXAMPLE}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"TF_CONFIG is {text}, expected it as {_EXAMPLE}") from error
    return Cluster(
        addresses=tuple(place for job in _JOBS for place in found.get(job, ())),
        own=_own(found, task_type, index),
    )


def meet(cluster: Cluster, *, patience_s: float) -> None:
    """Return when every worker of a cluster is there.

    TensorFlow would wait an hour for one that is not, deaf to Ctrl-C.

    Parameters
    ----------
    cluster : Cluster
    patience_s : float
        How long, in seconds.

    Raises
    ------
    PeerError
        If one does not answer in that time, or this one cannot listen.
    """
    deadline_s = time.monotonic() + patience_s
    with closing(_listening(cluster)):
        for index, address in enumerate(cluster.addresses):
            if index != cluster.own:
                _await(index, address, deadline_s=deadline_s, patience_s=patience_s)


def _address(told: Any) -> Address:
    host, _, port = str(told).rpartition(":")
    if not host or not 0 < int(port) <= _HIGHEST_PORT:
        raise ValueError(f"{told!r} is no host:port")
    return Address(host=host.strip("[]"), port=int(port))


def _own(found: dict[str, list[Address]], job: str, index: int) -> int:
    others = sorted(found.keys() - set(_JOBS))
    if others:
        raise UsageError(
            f"TF_CONFIG has {' and '.join(others)} in its cluster; --strategy workers knows only "
            f"{' and '.join(_JOBS)}"
        )
    n_tasks = len(found.get(job, ()))
    if not 0 <= index < n_tasks:
        there = ", ".join(f"{name} 0 to {len(found[name]) - 1}" for name in found if found[name])
        raise UsageError(
            f"TF_CONFIG says that this is {job} {index}, but its cluster has {there or 'nobody'}"
        )
    return index + (len(found.get("chief", ())) if job == "worker" else 0)


def _listening(cluster: Cluster) -> socket.socket:
    """Answer those who look for this worker until TensorFlow does."""
    address = cluster.addresses[cluster.own]
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server(("", address.port), family=family)
    except OSError as error:
        raise PeerError(
            f"worker {cluster.own} cannot listen on port {address.port} ({error.strerror}); "
            "end what listens there, or name another port in TF_CONFIG of all workers"
        ) from error


def _await(index: int, address: Address, *, deadline_s: float, patience_s: float) -> None:
    refusal = _knock(address)
    if refusal:
        _log.info("waiting for worker %d at %s", index, address)
    while refusal:
        if time.monotonic() > deadline_s:
            raise PeerError(
                f"worker {index} at {address} did not answer within {patience_s:g} s ({refusal}); "
                "start the same command there, and look at TF_CONFIG and the firewalls"
            )
        time.sleep(_PAUSE_S)
        refusal = _knock(address)


def _knock(address: Address) -> str:
    """Return why nobody answers; nothing if somebody does."""
    try:
        socket.create_connection((address.host, address.port), timeout=_KNOCK_S).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""
