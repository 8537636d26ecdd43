"""A webhook: writes what it is sent into a file of the container, and answers that all is well."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

RECEIVED = Path("/run/ser-test/received")


class Hook(BaseHTTPRequestHandler):
    """Takes every message."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        RECEIVED.parent.mkdir(exist_ok=True)
        with RECEIVED.open("ab") as file:
            file.write(body + b"\n")
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", 8099), Hook).serve_forever()
