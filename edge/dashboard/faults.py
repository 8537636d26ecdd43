"""What is answered when something is wrong: a sentence with the right status, never a traceback."""

from __future__ import annotations

import json
import logging
from typing import Any, Final

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from edge.dashboard.gate import is_api
from edge.errors import (
    AudioDataError,
    BusyError,
    NoInputError,
    NotListeningError,
    RefusedError,
    SerError,
    TooLongError,
    UsageError,
)

_RETRY_S: Final = 5
_INTERNAL: Final = "something went wrong in this program; `journalctl -u ser-edge-dashboard` has it"

_STATUS: Final[tuple[tuple[type[SerError], int], ...]] = (
    (NotListeningError, 503),
    (BusyError, 503),
    (TooLongError, 413),
    (AudioDataError, 422),
    (RefusedError, 409),
    (UsageError, 422),
    (NoInputError, 404),
)
_SENTENCES: Final = {
    400: "this cannot be understood",
    401: "log in, or send a token in the header Authorization: Bearer",
    403: "this is not allowed",
    404: "there is nothing here",
    405: "this is not done this way here",
    413: "this is larger than what is taken here",
    415: "this kind of content is not taken here",
}
"""What is said where nothing more precise is known."""

_log = logging.getLogger(__name__)


def set_up(app: Flask) -> None:
    """Have an application answer its errors."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SerError, _ours)
    app.register_error_handler(Exception, _unforeseen)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    own = getattr(type(error), "description", None)
    sentence = _SENTENCES.get(status) if error.description in {None, own} else None
    headers = {
        name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}
    }
    if error.response is not None:  # a redirect to the right form of an address
        return make_response(error.response)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="ser-edge"'
    return answer(sentence or str(error.description), status, headers)


def _ours(error: SerError) -> Response:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 503)
    headers = {"Retry-After": str(_RETRY_S)} if isinstance(error, BusyError) else {}
    return answer(str(error), status, headers)


def _unforeseen(error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    return answer(_INTERNAL, 500, {})


def answer(sentence: str, status: int, headers: dict[str, str]) -> Response:
    """Return an answer that says what is wrong: JSON for a program, a page for people."""
    body: Any = (
        json.dumps({"error": sentence}, ensure_ascii=False) + "\n"
        if is_api()
        else _page(sentence, status)
    )
    response = make_response(body, status, headers)
    response.mimetype = "application/json" if is_api() else "text/html"
    return response


def _page(sentence: str, status: int) -> str:
    try:
        return render_template("error.html", sentence=sentence, status=status)
    except Exception:  # noqa: BLE001 - it is logged, and something must be answered
        # Even what makes the page may be what is broken: the database, for example.
        _log.exception("the page of an error cannot be made")
        return "<!doctype html><title>ser-edge</title><p>This page cannot be shown now.</p>\n"
