"""The device's side of a push: a line protocol, so that a forced command needs no argument.

The client sends one line of JSON and, from where the device says, the bytes of the model; the
device answers with a line for each step that is done. A step is told before the next one begins:
where nobody hears it any more, nothing is switched. From the switch on the service alone decides.
`docs/push.md` has the lines.
"""

from __future__ import annotations

import json
import logging
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from edge import __version__
from edge.app import models
from edge.app.activation import Activation, refuse_pinned
from edge.app.channel import Channel
from edge.app.offer import Offer, read_line, read_offer
from edge.app.standing import Standing, live_status, signers_file, standing
from edge.config.load import Loaded, load_config
from edge.config.places import Places
from edge.contract import tables
from edge.contract.manifest import Manifest, parse_manifest
from edge.errors import (
    EXIT_BAD_DATA,
    EXIT_IO,
    EXIT_OK,
    EXIT_ROLLED_BACK,
    BundleError,
    ChecksumError,
    ConfigError,
    ManifestError,
    NoRoomError,
    SerError,
    StoreError,
    UsageError,
)
from edge.infer.interpreter import find_runtime
from edge.service.status import Status
from edge.store import admission
from edge.store.admission import Release
from edge.store.entries import Installed, sha256_of
from edge.store.examiner import Examined, Limits, examine
from edge.store.incoming import Part, part_of
from edge.store.locks import locked
from edge.store.signature import signer_of

_MAX_LINE_BYTES: Final = 2**24
_PUSH_PATIENCE_S: Final = 3600.0
_REFUSALS: Final = (BundleError, ConfigError, NoRoomError, UsageError)

_log = logging.getLogger(__name__)

Word = Literal["changed", "unchanged", "refused", "rolled back", "failed"]

_EXIT_CODES: Final[dict[Word, int]] = {
    "changed": EXIT_OK,
    "unchanged": EXIT_OK,
    "refused": EXIT_BAD_DATA,
    "rolled back": EXIT_ROLLED_BACK,
    "failed": EXIT_IO,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """The last line."""

    outcome: Word
    why: str
    model: str | None = None
    previous: str | None = None


def receive(file: Path | None, channel: Channel, *, limits: Limits | None = None) -> int:
    """Take one push and return the exit code.

    Parameters
    ----------
    file : Path or None
        The configuration that the command line names.
    channel : Channel
    limits : Limits, optional
        Of the self-test.
    """
    try:
        ended = _ended(file, channel, limits or Limits())
    except BrokenPipeError:
        return EXIT_IO
    except Exception as error:
        channel.say_last(outcome="failed", why=f"internal error: {type(error).__name__}: {error}")
        raise
    if ended is None:
        return EXIT_OK
    channel.say_last(**tables.to_table(ended))
    return _EXIT_CODES[ended.outcome]


def _ended(file: Path | None, channel: Channel, limits: Limits) -> Ended | None:
    try:
        return _Receiving(load_config(file=file), channel, limits).run()
    except SerError as error:
        is_refusal = isinstance(error, _REFUSALS)
        return Ended(outcome="refused" if is_refusal else "failed", why=str(error))


class _Receiving:
    """One push."""

    def __init__(self, loaded: Loaded, channel: Channel, limits: Limits) -> None:
        self._loaded = loaded
        self._config = loaded.config
        self._channel = channel
        self._limits = limits
        self._places = Places.here()
        self._runtime = find_runtime(self._config.model.runtime)
        self._store = models.model_store(self._config)

    def run(self) -> Ended | None:
        """Return how it ended; None where the client only asked."""
        table = read_line(self._channel.line(max_bytes=_MAX_LINE_BYTES))
        if table.get("ask") == "state":
            self._channel.say(step="hello", device=self._device(standing(self._store)))
            return None
        offer = read_offer(table)
        manifest = self._admitted(offer)
        if ended := self._unchanged(offer):
            return ended
        with self._content(offer) as content, self._alone():
            return self._unchanged(offer) or self._installed(offer, manifest, content)

    def _admitted(self, offer: Offer) -> Manifest:
        """Return the manifest of a model that this device takes, if the model is as it says."""
        refuse_pinned(self._loaded)
        manifest = parse_manifest(json.dumps(offer.manifest), source="the offered model")
        admission.refuse_unfit(manifest, self._runtime)
        unsigned = self._config.store.allow_unsigned
        admission.refuse_unsigned(offer.signature, allow_unsigned=unsigned)
        self._refuse_downgrade(offer, manifest)
        return manifest

    def _refuse_downgrade(self, offer: Offer, manifest: Manifest) -> None:
        now = standing(self._store)
        if now and not offer.allow_downgrade:
            admission.refuse_downgrade(Release.of(manifest), now.release)

    def _unchanged(self, offer: Offer) -> Ended | None:
        now, trial = standing(self._store), self._store.trial()
        if now is None or now.sha256 != offer.sha256:
            return None
        why = "it is the current model already"
        if trial:
            if self._status():
                return None  # wait for the verdict with it
            why += "; its trial begins when the service starts"
        return self._final("unchanged", why)

    @contextmanager
    def _content(self, offer: Offer) -> Iterator[Path]:
        """Yield the file with what the client has sent, now or before."""
        if known := self._known(offer.sha256):
            self._hello(have=offer.n_bytes)
            yield known.path
            return
        with part_of(self._store.incoming, offer.sha256, n_bytes=offer.n_bytes) as part:
            self._hello(have=part.have)
            self._fill(part, offer)
            try:
                yield part.path
            except BundleError:
                part.discard()
                raise

    def _known(self, sha256: str) -> Installed | None:
        for model in self._store.installed():
            if model.sha256 == sha256 and sha256_of(model.path) == sha256:
                return model
        return None

    def _fill(self, part: Part, offer: Offer) -> None:
        for piece in self._channel.pieces(part.missing):
            part.append(piece)
        part.seal()
        self._channel.say(step="received", n_bytes=offer.n_bytes)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of pushes."""
        with locked(
            self._store.push_lock,
            patience_s=_PUSH_PATIENCE_S,
            on_wait=lambda: self._channel.say(step="waiting"),
        ):
            yield

    def _installed(self, offer: Offer, manifest: Manifest, content: Path) -> Ended:
        self._refuse_downgrade(offer, manifest)  # the push before this one may have been newer
        signer = self._verified(offer, content)
        self._channel.say(step="verified", signer=signer)
        examined = self._examined(offer, manifest, content)
        self._channel.say(step="tested", latency_ms=examined.latency_ms, hop_ms=examined.hop_ms)
        signature = offer.signature.encode() if offer.signature and signer else None
        model = self._store.add(
            content, manifest=manifest, sha256=offer.sha256, signature=signature, signer=signer
        )
        return self._switched(model)

    def _verified(self, offer: Offer, content: Path) -> str | None:
        found = sha256_of(content)
        if found != offer.sha256:
            raise ChecksumError(
                f"the model arrived with SHA-256 {found[:12]}..., {offer.sha256[:12]}... was "
                "announced; push it again"
            )
        if offer.signature is None:
            return None
        signers = signers_file(self._loaded, self._places)
        if self._config.store.allow_unsigned and not signers.exists():
            return None
        return signer_of(content, offer.signature.encode(), signers=signers)

    def _examined(self, offer: Offer, manifest: Manifest, content: Path) -> Examined:
        wanted = self._config.model
        examined = examine(
            content, runtime=wanted.runtime, n_threads=wanted.threads, limits=self._limits
        )
        if examined.manifest != manifest or examined.sha256 != offer.sha256:
            raise ManifestError(
                "the manifest that was sent ahead is not the one in the model file; "
                "push it with `ser-trainer push`"
            )
        return examined

    def _switched(self, model: Installed) -> Ended:
        activation = Activation(
            self._store,
            status=self._status,
            tell=self._tell_switch,
            health_window_s=self._config.store.health_window_s,
        )
        verdict = activation.switch(model.id)
        try:
            self._store.prune()
        except StoreError as error:
            _log.warning("older models stay: %s", error)
        return self._final(verdict.outcome, verdict.why, model=model.id)

    def _tell_switch(self, step: str, sentence: str) -> None:
        self._channel.needs_listener = False
        self._channel.say(step=step, why=sentence)

    def _final(self, outcome: Word, why: str, *, model: str | None = None) -> Ended:
        return Ended(
            outcome=outcome,
            why=why,
            model=model or self._store.current_id(),
            previous=self._store.previous_id(),
        )

    def _hello(self, *, have: int) -> None:
        self._channel.say(step="hello", have=have, device=self._device(standing(self._store)))

    def _device(self, now: Standing | None) -> dict[str, Any]:
        return {
            "version": __version__,
            "runtime": str(self._runtime),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "model": now.table() if now else None,
            "service": "running" if self._status() else "stopped",
        }

    def _status(self) -> Status | None:
        return live_status(self._places)
