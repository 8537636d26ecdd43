"""What every answer forbids the browser, and which of a proxy's words are believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Flask, Response, request

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

_FOREVER: Final = "public, max-age=31536000, immutable"
_THIS_MACHINE: Final = ("127.0.0.1", "::1")

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def set_up(app: Flask) -> None:
    """Give every answer of an application its headers."""
    app.after_request(_with_headers)


def _with_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    if request.endpoint == "static" and response.status_code < 400:
        # The address of a file has its content's hash in it.
        response.headers["Cache-Control"] = _FOREVER if "v" in request.args else "no-cache"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


class BehindProxy:
    """Believe the last proxy's word on who asks, and whether by HTTPS, if it runs on this machine.

    From elsewhere anybody could claim anything.

    Parameters
    ----------
    app : callable
        The application within.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        if environ.get("REMOTE_ADDR") in _THIS_MACHINE:
            _believe(environ)
        return self._app(environ, start_response)


def _believe(environ: dict[str, Any]) -> None:
    if address := _last(environ.get("HTTP_X_FORWARDED_FOR", "")):
        environ["REMOTE_ADDR"] = address
    scheme = _last(environ.get("HTTP_X_FORWARDED_PROTO", ""))
    if scheme in {"http", "https"}:
        environ["wsgi.url_scheme"] = scheme


def _last(values: str) -> str:
    return values.rpartition(",")[2].strip()
