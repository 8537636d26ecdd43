"""Training on several processors or machines: who takes part, and how they stay together.

Every replica holds the whole network. It learns from its share of each batch; the gradients are
added up, and so all replicas take the same step. The functions here work within the scope of any
strategy, also that of one processor.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.chatter import without_chatter
from trainer.fitting import cluster
from trainer.fitting.cluster import PeerError, StrategyName

Batch = tuple[NDArray, NDArray, NDArray]
"""Inputs, targets, weights."""

_log = logging.getLogger(__name__)

_PATIENCE_S = 300.0
_LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """The replicas that learn one network."""

    strategy: tf.distribute.Strategy
    is_chief: bool
    """Whether this process keeps what is trained."""

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Let what is built and trained within belong to all replicas.

        Raises
        ------
        PeerError
            If another worker is lost meanwhile.
        """
        try:
            with self.strategy.scope():
                yield
        except _LOST as error:
            if self.strategy.cluster_resolver is None:
                raise
            raise PeerError(
                "another worker is lost, or the way to it; see what it says itself, then start all "
                "of them again, the chief with --resume and its run folder"
            ) from error


ALONE = Distribution(strategy=tf.distribute.get_strategy(), is_chief=True)
"""One process, one processor."""


def start(name: StrategyName) -> Distribution:
    """Find the replicas; with ``workers``, wait until all are there.

    Call it before TensorFlow has computed anything.

    Parameters
    ----------
    name : str
        ``none``, ``mirrored`` for all GPUs of this machine, or ``workers`` for the machines in the
        environment variable ``TF_CONFIG``.

    Raises
    ------
    UsageError
        If ``TF_CONFIG`` cannot be used.
    PeerError
        If a worker does not come within five minutes.
    """
    if name == "none":
        return ALONE
    found = _mirrored() if name == "mirrored" else _workers()
    _log.info("processors that train together: %d", found.strategy.num_replicas_in_sync)
    return found


def shared_out(batch: Batch, *, n_replicas: int) -> Batch:
    """Return a batch of which every replica gets equally many examples.

    Where they do not divide evenly, some come again with weight 0. The others then weigh more, so
    that the mean loss stays what it was.
    """
    inputs, targets, weights = batch
    n_examples = len(weights)
    n_missing = -n_examples % n_replicas
    if not n_missing:
        return batch
    chosen = np.arange(n_examples + n_missing) % n_examples
    heavier = weights * np.float32(len(chosen) / n_examples)
    heavier = np.concatenate([heavier, np.zeros(n_missing, np.float32)])
    return inputs[chosen], targets[chosen], heavier


def own_share(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Return a replica's part of what is the same on all replicas."""
    replica = tf.distribute.get_replica_context()
    n_replicas = replica.num_replicas_in_sync
    return [tensor[replica.replica_id_in_sync_group :: n_replicas] for tensor in tensors]


def clipped(
    gradients: Sequence[tf.Tensor], optimizer: keras.optimizers.Optimizer
) -> Sequence[tf.Tensor]:
    """Return a replica's gradients, so that their sum over the replicas is what one would clip.

    Keras clips the part of each replica, which is too short for it, and then adds them up.
    """
    replica = tf.distribute.get_replica_context()
    n_replicas = replica.num_replicas_in_sync
    if n_replicas == 1 or optimizer.clipnorm is None:
        return gradients
    whole = replica.all_reduce(tf.distribute.ReduceOp.SUM, list(gradients))
    return [tf.clip_by_norm(gradient, optimizer.clipnorm) / n_replicas for gradient in whole]


def synchronise(model: keras.Model) -> None:
    """Let batch normalisation look at the whole batch, not at the share of one replica."""
    several = tf.distribute.get_strategy().num_replicas_in_sync > 1
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = several


def from_chief(content: bytes) -> bytes:
    """Return, on every worker, what the chief gives."""
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return content
    (n_bytes,) = _of_first_replica(np.array([len(content)], np.int32)).numpy()
    if not n_bytes:
        return b""  # TensorFlow 2.19 crashes when workers add up nothing
    codes = np.zeros(n_bytes, np.int32)
    own = np.frombuffer(content[:n_bytes], np.uint8)
    codes[: len(own)] = own
    return _of_first_replica(codes).numpy().astype(np.uint8).tobytes()


def refuse_disagreement(*, about: bytes) -> None:
    """Raise where this worker would learn something else than the chief.

    Raises
    ------
    PeerError
        If it has other bytes.
    """
    own = hashlib.sha256(about).digest()
    if from_chief(own) != own:
        raise PeerError(
            "this worker would learn something else than the chief; give both the same command, "
            "the same version of ser-trainer and the same recordings"
        )


def on_one(model: keras.Model) -> keras.Model:
    """Return a copy of a network that belongs to no strategy; call it outside of any scope."""
    synchronise(model)
    # Not clone_model: it would compile the copy anew, and there is a loss that Keras cannot name.
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    return copy


@tf.function(
    input_signature=[tf.TensorSpec((None,), tf.int32)], autograph=False, reduce_retracing=True
)
def _of_first_replica(values: tf.Tensor) -> tf.Tensor:
    def only_of_first() -> tf.Tensor:
        replica = tf.distribute.get_replica_context()
        is_first = tf.cast(tf.equal(replica.replica_id_in_sync_group, 0), tf.int32)
        return replica.all_reduce(tf.distribute.ReduceOp.SUM, values * is_first)

    strategy = tf.distribute.get_strategy()
    return strategy.experimental_local_results(strategy.run(only_of_first))[0]


def _mirrored() -> Distribution:
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    with without_chatter():
        strategy = tf.distribute.MirroredStrategy([device.name for device in devices])
    return Distribution(strategy=strategy, is_chief=True)


def _workers() -> Distribution:
    found = cluster.read_cluster(os.environ.get("TF_CONFIG"))
    cluster.meet(found, patience_s=_PATIENCE_S)
    with without_chatter():
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    return Distribution(strategy=strategy, is_chief=found.is_chief)
