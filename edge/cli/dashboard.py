"""`ser-edge dashboard`: the web page for those who care for somebody, and its API."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from typing import Any

from edge.app.dashboard import surroundings
from edge.config.load import load_config
from edge.config.places import Places
from edge.errors import EXIT_OK

EXAMPLES = """\
  sudo -u ser-edge ser-edge user add anna --role acknowledge   # first of all
  ser-edge dashboard                                           # http://127.0.0.1:8765
  ser-edge dashboard --host 0.0.0.0 --self-signed              # HTTPS in the home's network
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", help="address to answer on, instead of dashboard.host")
    parser.add_argument(
        "--port", type=int, help="port, instead of dashboard.port; 0 for a free one"
    )
    parser.add_argument("--config", metavar="FILE", type=Path, help="configuration file")


def execute(arguments: argparse.Namespace) -> int:
    """Answer until somebody stops it."""
    from edge.dashboard.app import create_app
    from edge.dashboard.server import Address, Server

    places = Places.here()
    loaded = load_config(file=arguments.config)
    wanted = loaded.config.dashboard
    server = Server(
        create_app(surroundings(loaded, places)),
        Address(
            host=arguments.host or wanted.host,
            port=wanted.port if arguments.port is None else arguments.port,
            certificate=Path(wanted.certificate) if wanted.certificate else None,
            key=Path(wanted.key) if wanted.key else None,
        ),
    )
    _stop_at_signals(server)
    print(f"the page is at {server.url}", flush=True)
    server.serve()
    return EXIT_OK


def _stop_at_signals(server: Any) -> None:
    def stop(*_: object) -> None:
        # Not here: the signal may have interrupted what the stop must wait for.
        threading.Thread(target=server.stop).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
