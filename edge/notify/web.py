"""Asking an address by HTTP; an address is a secret, of which only the host is ever shown."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from edge import __version__
from edge.errors import DeliveryError
from edge.notify.certificates import verifying

TIMEOUT_S: Final = 10.0
_MOVED: Final = range(300, 400)


def ask(url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> None:
    """Get an address, or post something there, and return if the answer is 2xx.

    Certificates are verified. Redirects are not followed: an alarm is for one host and no other,
    and what is redirected is mostly not posted again, but only got.

    Raises
    ------
    DeliveryError
        With one sentence that says why not, without the secret parts of the address.
    """
    parts = _parts(url)
    given = {"User-Agent": f"ser-edge/{__version__}", **_login(parts), **(headers or {})}
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = Request(bare, data=body, headers=given)  # noqa: S310 - _parts lets only HTTP through
    host = parts.hostname
    try:
        opener = build_opener(_NoRedirects, HTTPSHandler(context=verifying()))
        opener.open(request, timeout=TIMEOUT_S).close()
    except HTTPError as error:
        error.close()
        raise DeliveryError(f"{host} answers {_status(error)}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise DeliveryError(f"{host} cannot be reached: {_why(error)}") from error


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_web = False
    if not is_web:
        raise DeliveryError("the address is no web address; it must begin with https://HOST/")
    return parts


def _login(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _status(error: HTTPError) -> str:
    status = f"{error.code} {error.reason}".strip()
    if error.code not in _MOVED:
        return status
    try:
        place = urlsplit(error.headers.get("Location", ""))
        other = f"{place.scheme or 'the same'}://{place.hostname}" if place.hostname else "another"
    except ValueError:
        other = "another"
    return f"{status}: it has moved to {other} address; write the new one into the file"


def _why(error: Exception) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is refused ({cause.verify_message})"
    if isinstance(cause, ssl.SSLError):
        return "it does not speak TLS there; is it http:// instead of https://?"
    if isinstance(cause, socket.gaierror):
        return "no address is known for this name"
    if isinstance(cause, TimeoutError):
        return f"it did not answer within {TIMEOUT_S:g} s"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(cause).__name__
