"""Listening to a file: drawn whatever it is, refused in words, forgotten at once."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from edge.app.models import bundled_sample
from edge.dashboard import hearing
from edge.dashboard.pages import listen
from tests.fakes.dashboard import FakeModels, House, csrf_of


def wav(samples: Any, rate_hz: int = 16_000, **options: Any) -> bytes:
    file = io.BytesIO()
    options = {"format": "WAV"} | options
    soundfile.write(file, np.asarray(samples, np.float32), rate_hz, **options)
    return file.getvalue()


def send(house: House, content: bytes, name: str = "voice.wav") -> TestResponse:
    client = house.log_in("lena")
    return client.post("/listen", **form(csrf_of(client, "/listen"), content, name))


def form(token: str, content: bytes, name: str) -> dict[str, Any]:
    """Return what a browser sends; the test client itself would use a temporary file."""
    file = FileStorage(io.BytesIO(content), filename=name, content_type="audio/wav")
    boundary, body = encode_multipart({"csrf_token": token, "recording": file})
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}


def heard_sample() -> hearing.Heard:
    return hearing.hear(
        bundled_sample().read_bytes(),
        name="room",
        analyzer=FakeModels().analyzer(),
        then=lambda heard: heard,
    )


@pytest.mark.parametrize("kind", ["FLAC", "WAV"])
def test_what_is_heard_is_what_analyze_says(house: House, kind: str) -> None:
    samples, rate_hz = soundfile.read(bundled_sample(), dtype="float32")
    page = send(house, wav(samples, rate_hz, format=kind)).text
    analysis = heard_sample().analysis
    shares = [f"{100 * share:.0f}%" for share in sorted(analysis.probabilities.values())]
    told = re.findall(r'<td class="number">(\d+%)</td>', page)[: len(shares)]
    assert told == shares[::-1]
    assert page.count("<figure>") == 3
    assert "Nothing of it was kept." in page


def test_passages_follow_each_other_from_the_beginning_to_the_end(house: House) -> None:
    heard = heard_sample()
    passages = listen.result_of(heard, "room").passages
    assert passages[0].begin_s == 0
    assert passages[-1].end_s == pytest.approx(heard.analysis.duration_s)
    for one, following in pairwise(passages):
        assert one.end_s == following.begin_s
        assert one.state != following.state


@pytest.mark.parametrize(
    "samples",
    [[0.0], [0.5] * 100, np.zeros(40_000), np.ones(70_000), np.sin(np.arange(30_000))],
    ids=["one sample", "short", "silence", "constant", "whistle"],
)
@pytest.mark.parametrize("rate_hz", [8_000, 48_000])
def test_any_sound_is_drawn(house: House, samples: Any, rate_hz: int) -> None:
    answer = send(house, wav(samples, rate_hz))
    assert answer.status_code == 200
    assert "nan" not in answer.text.lower()
    assert "figure" in answer.text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no recording that can be read"),
        (b"no recording", "is no recording that can be read"),
        (wav([]), "is no recording that can be read"),
        (wav(np.zeros(8000 * 601), 8000, subtype="PCM_U8"), "is too long"),
        (wav([float("nan")] * 100, subtype="FLOAT"), "is no recording that can be read"),
    ],
    ids=["empty file", "text", "no samples", "eleven minutes", "not a number"],
)
def test_what_cannot_be_heard_is_refused_in_words(
    house: House, content: bytes, sentence: str
) -> None:
    answer = send(house, content)
    assert answer.status_code == 422
    assert f"“voice.wav” {sentence}" in answer.text
    assert "<figure>" not in answer.text


def test_without_a_file_one_is_asked_for(house: House) -> None:
    client = house.log_in("lena")
    answer = client.post("/listen", data={"csrf_token": csrf_of(client, "/listen")})
    assert answer.status_code == 422
    assert "Choose a recording first." in answer.text


def test_only_the_name_of_a_path_is_shown(house: House) -> None:
    page = send(house, b"x", name="C:\\Users\\anna\\<b>secret</b>.wav").text
    assert "Users" not in page
    assert "&lt;/b&gt;" not in page or "<b>secret" not in page
    assert "<b>secret" not in page


def test_one_is_heard_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with hearing._one_at_a_time:
        answer = send(house, bundled_sample().read_bytes())
    assert answer.status_code == 503
    assert "Another recording is being listened to." in answer.text


def test_nothing_is_kept(house: House) -> None:
    def files() -> dict[Path, float]:
        return {file: file.stat().st_mtime for file in house.folder.rglob("*")}

    client = house.log_in("lena")
    token, before = csrf_of(client, "/listen"), files()
    sent = form(token, bundled_sample().read_bytes(), "room.flac")
    assert client.post("/listen", **sent).status_code == 200
    assert files().keys() == before.keys()
