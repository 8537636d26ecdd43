"""How the page looks: contrast, in the dark, on a phone, on paper."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.report.browser import chromium
from trainer.report import page

Report = dict[str, Any]


@pytest.fixture
def html(report: Report) -> str:
    return page.render(report)


def channel(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    weights = (0.2126, 0.7152, 0.0722)
    light, dark = sorted(
        (
            sum(w * channel(round(c)) for w, c in zip(weights, rgb, strict=True))
            for rgb in (one, other)
        ),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


def colours(html: str, *, dark: bool) -> dict[str, tuple[float, ...]]:
    light, night = re.findall(r":root \{(.*?)\}", html, re.DOTALL)
    block = night if dark else light
    found = {
        name: tuple(int(code[i : i + 2], 16) for i in (0, 2, 4))
        for name, code in re.findall(r"--(\w+): #(\w{6})", block)
    }
    found["heat"] = tuple(map(float, re.search(r"--heat: ([\d, ]+);", block)[1].split(",")))
    found["hottest"] = (float(re.search(r"--hottest: ([\d.]+);", block)[1]),)
    return found


@pytest.mark.parametrize("dark", [False, True])
def test_contrast_is_enough(html: str, dark: bool) -> None:
    found = colours(html, dark=dark)
    for text in ("ink", "soft", "c0"):
        for ground in ("paper", "wash"):
            assert contrast(found[text], found[ground]) >= 4.5, (text, ground)
    for mark in ("c0", "c1", "c2", "c3"):
        assert contrast(found[mark], found["paper"]) >= 3.0, mark
    (share,) = found["hottest"]
    hottest = tuple(
        share * h + (1 - share) * p for h, p in zip(found["heat"], found["paper"], strict=True)
    )
    assert contrast(found["ink"], hottest) >= 4.5
    assert contrast(found["ink"], found["paper"]) >= 7.0


def test_dark_is_for_screens_only(html: str) -> None:
    assert "@media screen and (prefers-color-scheme: dark)" in html
    assert '<meta name="color-scheme" content="light dark">' in html


MEASURE = """
<iframe id="f" src="report.html" style="width:390px;height:844px;border:0"></iframe>
<script>
f.onload = () => {
  const d = f.contentDocument, w = d.documentElement;
  const out = [...d.querySelectorAll("p, h1, h2, h3, svg, summary, dl, ul")]
    .filter(e => !e.closest(".scroll") && e.getBoundingClientRect().right > 390.5);
  document.title = JSON.stringify({wide: w.scrollWidth, out: out.map(e => e.outerHTML.slice(0, 90)),
    ground: getComputedStyle(d.body).backgroundColor});
};
</script>
"""


@pytest.mark.parametrize(
    ("scheme", "ground"), [("1", "rgb(255, 255, 255)"), ("0", "rgb(17, 22, 28)")]
)
def test_phone_has_no_sideways_scroll(
    report: Report, tmp_path: Path, scheme: str, ground: str
) -> None:
    (tmp_path / "report.html").write_text(page.render(report), encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(MEASURE, encoding="utf-8")
    dom = chromium(
        frame,
        "--dump-dom",
        "--allow-file-access-from-files",
        "--virtual-time-budget=5000",
        f"--blink-settings=preferredColorScheme={scheme}",
    )
    found = json.loads(re.search(r"<title>(.*?)</title>", dom)[1].replace("&lt;", "<"))
    assert found == {"wide": 390, "out": [], "ground": ground}


def printed_pages(html: str, folder: Path) -> int:
    path, printed = folder / "report.html", folder / "report.pdf"
    path.write_text(html, encoding="utf-8")
    chromium(path, f"--print-to-pdf={printed}", "--no-pdf-header-footer")
    return len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes()))


def test_print_unfolds_everything(report: Report, tmp_path: Path) -> None:
    html = page.render(report)
    summaries_only = re.sub(
        r"</summary>.*?</details>", "</summary></details>", html, flags=re.DOTALL
    )
    assert printed_pages(html, tmp_path) >= printed_pages(summaries_only, tmp_path) + 2
