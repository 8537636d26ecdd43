"""The page: a report's dictionary in, one HTML file out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from trainer.report import charts, verdict, wording

_SLICE_TITLES = MappingProxyType(
    {
        "intensity": "Intensity",
        "sex": "Sex",
        "age": "Age",
        "corpus": "Corpus",
        "speaker": "Person",
        "text": "Sentence",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of the page; its template is ``templates/sections/<name>.html``."""

    name: str
    title: str
    has_data: Callable[[dict[str, Any]], object]
    """Whether a report has anything to show there."""


def _always(_: dict[str, Any]) -> bool:
    return True


_SECTIONS = (
    Section(
        name="claim",
        title="Known voices and new ones",
        has_data=lambda report: report["random_split"] and report["new_speakers"],
    ),
    Section(name="emotions", title="What it hears", has_data=_always),
    Section(
        name="people",
        title="Whom it hears",
        has_data=lambda report: verdict.headline(report)["slices"],
    ),
    Section(name="spread", title="Luck of the training", has_data=charts.trainings),
    Section(name="confidence", title="What its confidence is worth", has_data=charts.confidence),
    Section(name="robustness", title="Noise and echo", has_data=charts.robustness),
    Section(name="files", title="Model files", has_data=_always),
    Section(
        name="features", title="What it listens to", has_data=lambda report: report["importance"]
    ),
    Section(name="training", title="How it learned", has_data=charts.training),
    Section(name="data", title="Recordings", has_data=_always),
    Section(name="origin", title="Where it comes from", has_data=_always),
)


def render(report: dict[str, Any]) -> str:
    """Return the page.

    Parameters
    ----------
    report : dict
        As `trainer.report.gather.gather` makes it. A section without data is left out.

    Returns
    -------
    str
        HTML that needs no script and nothing from elsewhere, and forbids both.
    """
    page = _environment().get_template("page.html")
    return page.render(
        report=report,
        figures=verdict.headline(report),
        subject=verdict.subject(report),
        of_one=verdict.of_one(report),
        tested=verdict.tested(report),
        sentences=verdict.sentences(report),
        sections=[section for section in _SECTIONS if section.has_data(report)],
        charts={
            "speakers": charts.speakers(report),
            "trainings": charts.trainings(report),
            "confidence": charts.confidence(report),
            "robustness": charts.robustness(report),
            "training": charts.training(report),
        },
    )


@cache
def _environment() -> Environment:
    loader = PackageLoader("trainer.report")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, _, _ = loader.get_source(environment, "style.css")
    environment.globals.update(
        style=Markup(style),  # noqa: S704 - a file of ours
        slice_titles=_SLICE_TITLES,
        chance=verdict.chance,
        commonest=verdict.commonest,
    )
    environment.filters.update(
        px=lambda value: f"{value:.1f}",
        percent=wording.percent,
        bare=wording.bare,
        points=wording.points,
        interval=wording.interval,
        decimals=wording.decimals,
        size=wording.size,
        count=wording.count,
        day=wording.day,
        flat=wording.flat,
        disturbance=wording.disturbance,
    )
    return environment
