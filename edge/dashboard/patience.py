"""cheroot, but that a connection on which nothing comes holds nobody up.

A browser opens connections in advance, and anybody can open many and be silent. Each would take a
thread until its time is over, and one that is silent in the greeting of TLS would take the one
thread that lets others in.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Any, Final

from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server

_N_WAITING: Final = 50
"""Connections that are kept open between two requests."""


class TidyConnection(HTTPConnection):
    """A connection that closes its writer before its socket.

    cheroot leaves the writer to the garbage collector, which from Python 3.13 on complains that
    there is no socket any more.
    """

    def close(self) -> None:
        """Release the socket and what writes to it."""
        with suppress(OSError, ValueError):
            self.wfile.close()
        super().close()


class PatientServer(Server):
    """Takes a thread for a connection only when something has come on it."""

    ConnectionClass = TidyConnection
    keep_alive_conn_limit = _N_WAITING

    def process_conn(self, conn: Any) -> None:
        """Let a thread look after a connection; a new one first waits for its first word."""
        if getattr(conn, "has_waited", False):
            super().process_conn(conn)
        else:
            conn.has_waited = True
            self.put_conn(conn)


class LaterGreeting(BuiltinSSLAdapter):
    """TLS whose greeting is left to the thread that looks after the connection."""

    def wrap(self, sock: Any) -> tuple[ssl.SSLSocket, dict[str, Any]]:
        """Return the socket and what the application is told of it."""
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}
