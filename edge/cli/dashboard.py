"""`ser-edge dashboard`: the web page for those who care for somebody, and its API."""

from __future__ import annotations

import argparse
import ctypes
import logging
import platform
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.config.load import load_config
from edge.config.places import Places
from edge.config.settings import DashboardConfig
from edge.errors import EXIT_OK, LibraryMissingError, UsageError
from edge.service.journal import is_journal, set_up_log

if TYPE_CHECKING:
    from edge.dashboard.server import Address, Server

EXAMPLES = """\
  sudo -u ser-edge ser-edge user add anna --role administer    # first of all
  ser-edge dashboard                                           # http://127.0.0.1:8765
  ser-edge dashboard --host 0.0.0.0 --self-signed              # HTTPS in the home's network
"""

_THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")
_HIGHEST_PORT: Final = 65535
_M_ARENA_MAX: Final = -8
_M_MMAP_THRESHOLD: Final = -3
"""Both as ``malloc.h`` has them."""

_log = logging.getLogger(__name__)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", help="address to answer on, instead of dashboard.host")
    parser.add_argument("--port", type=_port, help="port, instead of dashboard.port; 0 for any")
    parser.add_argument(
        "--self-signed",
        action="store_true",
        help="HTTPS with a certificate of its own, which is made once and kept",
    )
    parser.add_argument("--config", metavar="FILE", type=Path, help="configuration file")


def execute(arguments: argparse.Namespace) -> int:
    """Answer until somebody stops it."""
    _refuse_without_libraries()
    from edge.app.dashboard import surroundings
    from edge.dashboard.app import create_app
    from edge.dashboard.server import Server

    _give_memory_back_at_once()
    if is_journal(sys.stderr):
        set_up_log(sys.stderr, level=logging.INFO)
    places = Places.here()
    loaded = load_config(file=arguments.config)
    address = _address(arguments, loaded.config.dashboard, places)
    around = surroundings(loaded, places)
    server = Server(create_app(around), address)
    _stop_at_signals(server)
    _tell(server, address)
    server.serve()
    return EXIT_OK


def _give_memory_back_at_once() -> None:
    """Have glibc keep no freed arrays for later, in a heap for each thread of the server.

    Three recordings of ten minutes would leave 300 MB with a process that needs 60.
    """
    with suppress(AttributeError):  # another C library has another way
        tune = ctypes.CDLL(None).mallopt
        tune(_M_MMAP_THRESHOLD, 2**20)
        tune(_M_ARENA_MAX, 2)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected 0 to {_HIGHEST_PORT}")
    return int(text)


def _refuse_without_libraries() -> None:
    try:
        import cheroot
        import flask
    except ImportError as error:
        raise LibraryMissingError(
            f"the page needs the library {error.name}; "
            "install it with `pip install 'speech-emotion-edge[care]'`"
        ) from error
    del cheroot, flask


def _address(arguments: argparse.Namespace, wanted: DashboardConfig, places: Places) -> Address:
    from edge.dashboard.selfsigned import certificate_in
    from edge.dashboard.server import Address

    certificate = Path(wanted.certificate) if wanted.certificate else None
    key = Path(wanted.key) if wanted.key else None
    if arguments.self_signed:
        if certificate:
            raise UsageError(f"--self-signed goes without dashboard.certificate {certificate}")
        node = platform.node() or "localhost"
        own = certificate_in(places.state_directory(), names=(node, f"{node}.local", "localhost"))
        certificate, key = own.certificate, own.key
    return Address(
        host=arguments.host or wanted.host,
        port=wanted.port if arguments.port is None else arguments.port,
        certificate=certificate,
        key=key,
    )


def _stop_at_signals(server: Server) -> None:
    def stop(*_: object) -> None:
        # Not here: the signal may have interrupted what the stop must wait for.
        threading.Thread(target=server.stop).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _tell(server: Server, address: Address) -> None:
    from edge.dashboard.selfsigned import fingerprint_of

    print(f"the page is at {server.url}", flush=True)
    if not (address.certificate or address.host in _THIS_MACHINE):
        _log.warning(
            "without HTTPS, whoever is in this network can read passwords; add --self-signed, or "
            "set dashboard.certificate and dashboard.key"
        )
    if address.certificate:
        print(f"its certificate has the SHA-256 {fingerprint_of(address.certificate)}", flush=True)
