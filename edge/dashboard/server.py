"""The web server around the application: cheroot, with limits on time, size and threads."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.dashboard.app import DashboardApp
from edge.dashboard.headers import BehindProxy, WsgiApp
from edge.dashboard.live import N_STREAMS
from edge.dashboard.pieces import EXTENSION, Pieces
from edge.dashboard.uploads import RECORDING_BYTES
from edge.errors import ConfigError

N_THREADS: Final = N_STREAMS + 8
"""Streams hold a thread each; the rest is for pages."""
_TIMEOUT_S: Final = 10
"""Of a socket from which nothing comes, or into which nothing goes."""
_STOP_S: Final = 3
_HEADER_BYTES: Final = 2**15
_BODY_BYTES: Final = 5 * RECORDING_BYTES
"""What is too large is refused by the application, with a sentence; much more is refused here."""
_PIECE_BYTES: Final = 2**16
_QUEUE: Final = 32

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where the server answers."""

    host: str
    port: int
    """0 for any that is free."""
    certificate: Path | None = None
    """For HTTPS; None for HTTP."""
    key: Path | None = None


class Server:
    """An application that answers on a socket.

    Parameters
    ----------
    app : DashboardApp
    address : Address

    Raises
    ------
    ConfigError
        If the certificate cannot be used, or the address is taken.
    """

    def __init__(self, app: DashboardApp, address: Address) -> None:
        from edge.dashboard.patience import PatientServer

        self._pieces: Pieces = app.extensions[EXTENSION]
        self._scheme = "https" if address.certificate else "http"
        adapter = _tls(address) if address.certificate else None
        make: Any = PatientServer  # its types allow less than it does
        self._server = make(
            (address.host, address.port),
            BehindProxy(_Emptied(app)),
            numthreads=N_THREADS,
            request_queue_size=_QUEUE,
            timeout=_TIMEOUT_S,
            shutdown_timeout=_STOP_S,
            server_name="ser-edge",
        )
        self._server.max_request_header_size = _HEADER_BYTES
        self._server.max_request_body_size = _BODY_BYTES
        self._server.error_log = _logged
        self._server.ssl_adapter = adapter
        self._prepare(address)

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._server.bind_addr[:2]
        return f"{self._scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    def serve(self) -> None:
        """Answer until `stop` is called from another thread."""
        self._server.serve()

    def stop(self) -> None:
        """End the streams, let requests end for a moment, and answer no more."""
        self._pieces.live.close()
        self._server.stop()

    def _prepare(self, address: Address) -> None:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        try:
            # cheroot would leave its socket open where this fails.
            socket.create_server((address.host, address.port), family=family).close()
            self._server.prepare()
        except OSError as error:
            raise ConfigError(
                f"the page cannot answer on {address.host} port {address.port}: "
                f"{_reason(error)}; set dashboard.host and dashboard.port"
            ) from error


class _Emptied:
    """Read the rest of a body that a view did not want, and throw it away piece by piece.

    Otherwise a browser that is still sending would see a broken connection in place of the answer,
    and the server would take the rest into memory at once.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input_terminated"] = True  # bodies in pieces have an end, too
        answer = self._app(environ, start_response)
        with suppress(OSError, ValueError):
            while environ["wsgi.input"].read(_PIECE_BYTES):
                pass
        return answer


@contextmanager
def running(app: DashboardApp, address: Address) -> Iterator[Server]:
    """Let a server run in a thread of its own."""
    server = Server(app, address)
    thread = threading.Thread(target=server.serve, name="server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def _tls(address: Address) -> Any:
    from edge.dashboard.patience import LaterGreeting

    if address.key is None:
        raise ConfigError(
            f"HTTPS is impossible with {address.certificate} alone; set dashboard.key to its key"
        )
    try:
        adapter = LaterGreeting(str(address.certificate), str(address.key))
    except OSError as error:
        raise ConfigError(
            f"HTTPS is impossible with {address.certificate} and {address.key}: {_reason(error)}; "
            "set dashboard.certificate and dashboard.key to a certificate and its key"
        ) from error
    adapter.context.minimum_version = ssl.TLSVersion.TLSv1_2
    return adapter


def _reason(error: OSError) -> str:
    """Return why, without what a library says to those who write programs."""
    if isinstance(error, ssl.SSLError):
        return "they are no certificate and its key in PEM form"
    return (error.strerror or str(error)).partition(" (while ")[0]


def _logged(message: str = "", level: int = 20, traceback: bool = False) -> None:  # noqa: FBT001, FBT002 - cheroot calls it so
    if message.startswith("socket.error") or "SSL" in message:
        # Somebody hung up, does not trust the certificate, or speaks no TLS: every phone does once.
        level = logging.DEBUG
    _log.log(level, "%s", message, exc_info=traceback and _log.isEnabledFor(logging.DEBUG))
