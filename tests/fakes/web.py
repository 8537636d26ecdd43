"""A web server that keeps what it was asked, and answers as it is told."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def table(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Site:
    """What the server answers, and what it was asked."""

    port: int = 0
    scheme: str = "http"
    answer: int = 200
    location: str = ""
    delay_s: float = 0.0
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str = "/", *, host: str = "localhost") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def reset(self) -> None:
        """Answer 200 again, and forget."""
        self.answer, self.location, self.delay_s = 200, "", 0.0
        self.asked.clear()


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.site.asked.append(Asked(self.command, self.path, dict(self.headers.items()), body))
        time.sleep(self.site.delay_s)
        self.send_response(self.site.answer)
        if self.site.location:
            self.send_header("Location", self.site.location)
        self.send_header("Content-Length", "2")
        self.end_headers()
        with suppress(BrokenPipeError):  # who did not wait for it
            self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = _respond  # noqa: N815 - as the library calls them

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(*, certificate: Path | None = None, key: Path | None = None) -> Iterator[Site]:
    """Give a site that is served, by HTTPS with a certificate."""
    site = Site()
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    site.port = server.server_address[1]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        site.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
