"""How long every page and every question to the API takes over a year in the log.

Usage: python -m benchmarks.dashboard_pages [--rounds 11]

The real server answers by HTTP, one question after the other. To reach: 150 ms for each.
"""

from __future__ import annotations

import argparse
import http.client
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes.dashboard import NOW, House, heard
from tests.fakes.ears import FakeEars
from tests.fakes.year import write_year

LIMIT_MS = 150.0
ALARM = "alarm-7-9"

PAGES = (
    "/",
    "/now/parts",
    "/day/2026-11-26",
    "/day/2026-05-05",
    "/day/2026-05-05/9",
    "/calendar/2026-11",
    "/calendar/2026-05",
    f"/alarms/{ALARM}",
    "/judge/500000",
    "/listen",
    "/health",
    "/people",
    "/account",
)
API = (
    "/status",
    "/alarms",
    f"/alarms/{ALARM}",
    "/events",
    "/events?after=500000&limit=1000",
    "/events?since=2026-05-05T00:00:00Z&until=2026-05-06T00:00:00Z&limit=1000",
    "/events?state=disgusted",
    "/days/2026-11-26",
    "/days/2026-05-05",
    "/calendar/2026-11",
    "/calendar/2026-05",
    "/export.csv",
    "/export.csv?since=2025-01-01T00:00:00Z",
    "/health",
    "/models",
    "/models/current",
    "/openapi.json",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_year(folder / "log.db", until=NOW)
        with FakeEars(folder / "run" / "control.sock", heard()) as ears:
            house = House(folder, ears)
            with house.served() as url:
                measure(house, url, rounds)


def measure(house: House, url: str, rounds: int) -> None:
    cookie = house.log_in("otto").get_cookie("ser-edge")
    headers = {"Cookie": f"ser-edge={cookie.value if cookie else ''}"}
    load = os.getloadavg()[0]
    print(f"load {load:.1f}, {rounds} rounds\n")
    print("| question | status | kB | first byte ms | median ms | longest ms | CPU ms | |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    for path in (*PAGES, *(f"/api/v1{path}" for path in API)):
        print(row(url, path, headers, rounds), flush=True)


def row(url: str, path: str, headers: dict[str, str], rounds: int) -> str:
    before = resource.getrusage(resource.RUSAGE_SELF)
    asked = [ask(url, path, headers, whole="export" not in path) for _ in range(rounds)]
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_ms = 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / rounds
    status, n_bytes = asked[0][:2]
    first_ms = statistics.median(one[2] for one in asked)
    times_ms = [one[3] for one in asked]
    verdict = "" if statistics.median(times_ms) <= LIMIT_MS else "MISSED"
    return (
        f"| {path} | {status} | {n_bytes / 1e3:.0f} | {first_ms:.0f} "
        f"| {statistics.median(times_ms):.0f} | {max(times_ms):.0f} | {cpu_ms:.0f} | {verdict} |"
    )


def ask(
    url: str, path: str, headers: dict[str, str], *, whole: bool
) -> tuple[int, int, float, float]:
    """Return status, length, and the milliseconds to the first byte and to the last.

    Of an export only the beginning is read: nobody waits for a year before something comes.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    began_s = time.perf_counter()
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    first_s = time.perf_counter()
    content = response.read() if whole else response.read(2**14)
    ended_s = time.perf_counter()
    connection.close()
    return response.status, len(content), 1e3 * (first_s - began_s), 1e3 * (ended_s - began_s)


if __name__ == "__main__":
    main()
