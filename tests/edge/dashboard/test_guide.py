"""The examples of docs/dashboard.md, as they stand there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from edge.config.load import load_config
from tests.edge.dashboard.test_api import wav
from tests.fakes.dashboard import House
from tests.support import REPOSITORY, need

GUIDE = (REPOSITORY / "docs" / "dashboard.md").read_text(encoding="utf-8")


def block(kind: str, part: str) -> str:
    (found,) = (
        text for text in re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL) if part in text
    )
    return found


def curls() -> list[str]:
    lines = block("sh", "curl").replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("curl ")]


def settings() -> str:
    return "\n".join(line for line in block("sh", "curl").splitlines() if line.startswith("AUTH="))


@pytest.mark.parametrize("command", curls())
def test_every_curl_of_the_guide_works(
    house: House, address: str, command: str, tmp_path: Path
) -> None:
    need(shutil.which("curl"), "curl")
    (tmp_path / "voice.wav").write_bytes(wav(seconds=1.0))
    limit = "--max-time 2" if " -N " in command else ""
    script = f"{settings()}\n{command.replace('curl ', f'curl -sS --fail-with-body {limit} ', 1)}"
    environ = os.environ | {"URL": f"{address}/api/v1", "TOKEN": house.tokens["administer"]}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    house.models.rolled_back.clear()
    if limit:  # it goes on for ever
        assert done.returncode == 28
        assert '"state": "angry"' in done.stdout
        return
    assert done.returncode == 0, (done.stdout, done.stderr)
    if "export.csv" in command:
        assert done.stdout.startswith("id,")
    else:
        assert "error" not in json.loads(done.stdout)


def test_the_guide_has_every_operation(house: House) -> None:
    from tests.edge.dashboard.test_api import described

    text = block("sh", "curl")
    for path, _, _ in described():
        first = path.split("/")[1]
        assert f"URL/{first}" in text or first == "openapi.json", path


def test_the_settings_of_the_guide_are_settings(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(block("toml", "[dashboard]"))
    config = load_config(file=file).config.dashboard
    assert config.host == tomllib.loads(file.read_text())["dashboard"]["host"]
    assert config.certificate.endswith("dashboard.crt")


def test_what_the_guide_promises_is_so() -> None:
    from edge.dashboard import hearing, live, passwords, ratelimit, uploads

    cost = passwords.Cost()
    assert f"N {cost.n}, r {cost.r}, p {cost.p}" in GUIDE
    assert ratelimit.N_FREE == 5
    assert ratelimit.LONGEST_WAIT_S == 5 * 60
    assert f"At most {live.N_STREAMS} pages" in GUIDE
    assert (uploads.RECORDING_BYTES, hearing.LONGEST_S) == (20_000_000, 600)
