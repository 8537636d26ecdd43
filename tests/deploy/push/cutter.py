"""A line that breaks: between ssh and sshd, it goes away after so many bytes, the first time.

Run as ``python cutter.py PORT BYTES MARKER``; the marker remembers that it has broken.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
from pathlib import Path

PORT, N_BYTES, MARKER = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])


def main() -> None:
    left = sys.maxsize if MARKER.exists() else N_BYTES
    with socket.create_connection(("127.0.0.1", PORT)) as server:
        selector = selectors.DefaultSelector()
        selector.register(0, selectors.EVENT_READ)
        selector.register(server, selectors.EVENT_READ)
        while left > 0:
            for key, _ in selector.select():
                if key.fileobj is server:
                    piece = server.recv(4096)
                    os.write(1, piece)
                else:
                    piece = os.read(0, min(4096, left))
                    server.sendall(piece)
                    left -= len(piece)
                if not piece:
                    return
    MARKER.touch()


main()
