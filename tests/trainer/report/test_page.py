"""The page: whole, closed to the outside, readable by people and by machines that read to them."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from trainer.report import page, verdict
from trainer.report.wording import bare, decimals

Report = dict[str, Any]

LARGEST_BYTES = 300_000
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Outline(HTMLParser):
    """Reads a page and refuses one whose tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def attributes(self, wanted: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == wanted]


@pytest.fixture
def html(report: Report) -> str:
    return page.render(report)


def test_tags_nest_and_ids_are_unique(html: str) -> None:
    outline = Outline(html)
    ids = Counter(str(a["id"]) for _, a in outline.tags if "id" in a)
    assert [name for name, n in ids.items() if n > 1] == []
    pointed_at = {
        name
        for _, attributes in outline.tags
        for name in str(attributes.get("aria-labelledby") or "").split()
    } | {str(a["href"])[1:] for a in outline.attributes("a")}
    assert pointed_at <= set(ids)


def test_nothing_comes_from_elsewhere(html: str) -> None:
    outline = Outline(html)
    assert not re.search(r"(https?:)?//\w|url\(|@import|javascript:", html)
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & {
        tag for tag, _ in outline.tags
    }
    assert not [a for _, a in outline.tags if any(name.startswith("on") for name in a)]
    assert all(str(a["href"]).startswith("#") for a in outline.attributes("a"))


def test_policy_forbids_what_is_not_needed(html: str) -> None:
    policies = [a for a in Outline(html).attributes("meta") if "http-equiv" in a]
    assert policies == [
        {
            "http-equiv": "Content-Security-Policy",
            "content": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        }
    ]


def test_basics_for_screen_readers(html: str) -> None:
    outline = Outline(html)
    assert outline.attributes("html") == [{"lang": "en-GB"}]
    assert html.count("<title>room 1: how well it hears</title>") == 1
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in (
        outline.attributes("meta")
    )
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert {a.get("scope") for a in outline.attributes("th")} == {"col", "row"}
    for attributes in outline.attributes("div"):
        if attributes.get("class") == "scroll":
            assert attributes.keys() >= {"tabindex", "role", "aria-label"}


def test_every_plot_is_told_in_words(html: str) -> None:
    plots = re.findall(r"<svg[^>]*role=\"img\".*?</svg>", html, re.DOTALL)
    hidden = re.findall(r"<ul class=\"legend\" aria-hidden=\"true\">.*?</ul>", html, re.DOTALL)
    n_swatches = sum(legend.count("<svg") for legend in hidden)
    assert len(plots) == 8  # gauge, people, sure and right, sure only, noise, echo, two of learning
    assert html.count("<svg") == len(plots) + n_swatches
    assert all(re.search(r"<title id=[^>]*>[^<]+</title>", plot) for plot in plots)


def test_every_number_is_finite_in_plots(html: str) -> None:
    assert not re.search(
        r"\b(nan|inf|None|Undefined)\b", "".join(re.findall(r"<svg.*?</svg>", html))
    )


def test_every_figure_of_the_headline_is_there(report: Report, html: str) -> None:
    words = set(re.split(r"[\s\u202f;,()]+", Outline(html).text))
    figures = verdict.headline(report)
    shares = [figures[name] for name in ("accuracy", "uar", "macro_f1")]
    shares += [*figures["uar_interval"], *figures["accuracy_interval"]]
    shares += [*figures["recall"].values(), *figures["precision"].values()]
    for group in (one for kind in figures["slices"].values() for one in kind.values()):
        shares += [group["uar"], group["accuracy"], *group["recall"].values()]
    for one in figures["reliability"]:
        shares += [one["low"], one["high"], one["confidence"], one["accuracy"]]
    for one in figures["coverage"]:
        shares += [one["coverage"], one["accuracy"], one["threshold"]]
    for one in [*report["robustness"], report["random_split"]]:
        shares += [one["uar"], one["accuracy"]]
    for one in report["precisions"].values():
        shares += [one["figures"][name] for name in ("accuracy", "uar", "macro_f1")]
    assert {bare(share) for share in shares} <= words
    assert {str(cell) for row in figures["confusion"] for cell in row} <= words
    assert {decimals(one["figures"]["ece"]) for one in report["precisions"].values()} <= words


def test_every_fact_is_there(report: Report, html: str) -> None:
    told = Outline(html).text
    facts = [
        report[name] for name in ("summary", "source", "claim", "licence", "commit", "machine")
    ]
    facts += [*report["libraries"].values(), *report["libraries"], report["protocol"]]
    for corpus in report["corpora"]:
        facts += [corpus["name"], corpus["licence"], *corpus["speakers_test"]]
    facts += [one["name"] for one in report["importance"]]
    assert [fact for fact in facts if fact not in told] == []


EMPTY = {
    "claim": {"random_split": None},
    "robustness": {"robustness": []},
    "features": {"importance": []},
    "training": {"history": []},
}


@pytest.mark.parametrize("name", EMPTY)
def test_a_section_without_data_is_absent(report: Report, name: str) -> None:
    assert f'<section id="{name}"' in page.render(report)
    html = page.render(report | EMPTY[name])
    assert f'id="{name}"' not in html
    assert f'href="#{name}"' not in html
    Outline(html)


def test_the_least_that_a_report_can_hold(report: Report) -> None:
    figures = verdict.headline(report)
    figures.update(
        uar_interval=None,
        accuracy_interval=None,
        slices={},
        reliability=[],
        coverage=[],
        ece=None,
        recall=dict.fromkeys(figures["labels"]) | {"sad": 1.0},
        precision=dict.fromkeys(figures["labels"]),
    )
    least = {"random_split": None, "robustness": [], "importance": [], "history": []}
    report["precisions"] = {"int8": report["precisions"]["int8"] | {"against_float32": None}}
    report |= least | {"commit": "", "n_parameters": None}
    outline = Outline(page.render(report))
    sections = [a["id"] for a in outline.attributes("section")]
    assert sections == ["emotions", "files", "data", "origin"]


def test_spread_appears_with_several_trainings(report: Report, html: str) -> None:
    assert 'id="spread"' not in html
    over = verdict.headline(report)["over_folds"]
    over["n"] = 6
    over["cells"] = [
        over["cells"][0] | {"seed": seed, "fold": f"folds-{fold}", "uar": 0.5 + fold / 20}
        for seed in (1, 2)
        for fold in (1, 2, 3)
    ]
    over |= {f"{name}_deviation": 0.051 for name in ("uar", "accuracy", "macro_f1")}
    spread = page.render(report)
    assert "Every training" in spread
    assert "seed 2, folds-3: 65.0" in spread
    assert "first of the 6 trainings" in spread


def test_names_cannot_smuggle_in_markup(report: Report) -> None:
    evil = "<script>alert(1)</script>"
    report["summary"] = evil
    report["corpora"][0]["speakers_test"] = [evil]
    verdict.headline(report)["slices"]["speaker"][evil] = {
        "n_clips": 1,
        "uar": 0.5,
        "accuracy": 0.5,
        "recall": dict.fromkeys(verdict.headline(report)["labels"], 0.5),
    }
    html = page.render(report)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    Outline(html)


def test_many_people_and_epochs_fit_the_budget(report: Report) -> None:
    slices = verdict.headline(report)["slices"]
    for kind, n in (("speaker", 200), ("text", 120)):
        one = next(iter(slices[kind].values()))
        slices[kind] = {f"{kind}_{i:03d}": one for i in range(n)}
    report["history"] = [report["history"][i % 100] | {"epoch": i} for i in range(1, 501)]
    assert len(page.render(report).encode()) < LARGEST_BYTES


def test_report_is_json(report: Report) -> None:
    assert json.loads(json.dumps(report, allow_nan=False)) == report
