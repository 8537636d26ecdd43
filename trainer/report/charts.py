"""Which plots a report has; a plot without data is not made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from trainer.report.plots import Level, LinePlot, Row, Series, StripPlot, row
from trainer.report.scale import Axis, fitted_axis, percent_axis
from trainer.report.verdict import chance, headline
from trainer.report.wording import decimals, percent

_DISTURBANCES = {
    "snr": ("Background noise", "voice over noise (SNR), dB"),
    "t60": ("Echoing rooms", "reverberation time T60, s"),
}


def speakers(report: dict[str, Any]) -> list[StripPlot]:
    """Return each person's UAR, one row a corpus."""
    figures = headline(report)
    found = {
        name: one["uar"]
        for name, one in figures["slices"].get("speaker", {}).items()
        if one["uar"] is not None
    }
    if not found:
        return []
    axis = percent_axis("UAR, %")
    corpus_of = _corpus_of(report)
    names = dict.fromkeys(corpus_of.get(speaker, "") for speaker in found)
    rows = [
        row(name, [(s, uar) for s, uar in found.items() if corpus_of.get(s, "") == name], axis=axis)
        for name in names
    ]
    return [_strip("speakers", "UAR of each person", rows, axis, figures, each="person")]


def trainings(report: dict[str, Any]) -> list[StripPlot]:
    """Return the UAR of each fold, one row a seed; nothing for a single training."""
    figures = headline(report)
    cells = figures["over_folds"]["cells"]
    if len(cells) < 2:
        return []
    axis = percent_axis("UAR, %")
    seeds = dict.fromkeys(cell["seed"] for cell in cells)
    rows = [
        row(
            f"seed {seed}",
            [(_fold(cell), cell["uar"]) for cell in cells if cell["seed"] == seed],
            axis=axis,
        )
        for seed in seeds
    ]
    return [_strip("trainings", "UAR of each training", rows, axis, figures, each="training")]


def confidence(report: dict[str, Any]) -> list[LinePlot]:
    """Return the reliability diagram and accuracy over coverage."""
    figures = headline(report)
    plots = [_reliability(figures)] if figures["reliability"] else []
    return plots + ([_coverage(figures)] if figures["coverage"] else [])


def robustness(report: dict[str, Any]) -> list[LinePlot]:
    """Return the UAR over noise and over reverberation."""
    return [
        _disturbance(report, kind)
        for kind in _DISTURBANCES
        if sum(point["kind"] == kind for point in report["robustness"]) > 1
    ]


def training(report: dict[str, Any]) -> list[LinePlot]:
    """Return the losses over the epochs, and the shares (accuracy, UAR) over them."""
    columns = history_columns(report["history"])
    losses = [name for name in columns if "loss" in name]
    shares = [name for name in columns if "uar" in name or "accuracy" in name]
    plots = []
    if losses:
        plots.append(_history(report, "losses", "Loss while learning", losses))
    if shares:
        plots.append(_history(report, "learned", "Rightness while learning", shares))
    return plots


def history_columns(history: Sequence[dict[str, Any]]) -> list[str]:
    """Return the columns of a history that hold at least two numbers."""
    return [
        name
        for name in (history[0] if history else {})
        if name != "epoch" and sum(row.get(name) is not None for row in history) > 1
    ]


def _corpus_of(report: dict[str, Any]) -> dict[str, str]:
    """Say of each speaker where they were tested; who is in several corpora is in the first."""
    return {
        speaker: corpus["name"]
        for corpus in reversed(report["corpora"])
        for speaker in corpus["speakers_test"]
    }


def _fold(cell: dict[str, Any]) -> str:
    return f"seed {cell['seed']}" + (f", {cell['fold']}" if cell["fold"] else "")


def _strip(
    name: str, title: str, rows: list[Row], axis: Axis, figures: dict[str, Any], *, each: str
) -> StripPlot:
    values = [dot.value for row in rows for dot in row.dots]
    told = (
        f"One dot a {each}, {len(values)} in all, from {percent(min(values))} to "
        f"{percent(max(values))}; means: "
        + ", ".join(f"{row.name or 'all'} {percent(row.mean)}" for row in rows)
    )
    return StripPlot(
        name=name,
        title=title,
        told=told,
        each=each,
        x=axis,
        rows=tuple(rows),
        levels=(_guessing(figures),),
    )


def _guessing(figures: dict[str, Any]) -> Level:
    return Level(name=f"guessing, {percent(chance(figures))}", value=chance(figures))


def _reliability(figures: dict[str, Any]) -> LinePlot:
    bins = figures["reliability"]
    most = max(one["n"] for one in bins)
    series = Series(
        name="the model; a larger dot is more clips",
        points=tuple((one["confidence"], one["accuracy"]) for one in bins),
        weights=tuple(one["n"] / most for one in bins),
    )
    return LinePlot(
        name="reliability",
        title="How sure, how right",
        told=f"Accuracy over confidence in {len(bins)} groups; the mean gap to the ideal line, "
        f"the expected calibration error, is {decimals(figures['ece'])}.",
        x=percent_axis("confidence that the model states, %"),
        y=percent_axis("right, %"),
        series=(series,),
        diagonal="ideal: as often right as it is sure",
    )


def _coverage(figures: dict[str, Any]) -> LinePlot:
    points = figures["coverage"]
    first, last = points[0], points[-1]
    return LinePlot(
        name="coverage",
        title="Speaking only when sure",
        told=f"Of the surest {percent(first['coverage'], 0)} of the clips "
        f"{percent(first['accuracy'], 0)} are right, of {percent(last['coverage'], 0)} "
        f"{percent(last['accuracy'], 0)}.",
        x=percent_axis("clips that it answers, the surest first, %"),
        y=percent_axis("right among them, %"),
        series=(
            Series(name="the model", points=tuple((p["coverage"], p["accuracy"]) for p in points)),
        ),
        levels=(_guessing(figures),),
    )


def _disturbance(report: dict[str, Any], kind: str) -> LinePlot:
    title, label = _DISTURBANCES[kind]
    points = sorted(
        (point["value"], point["uar"], point["accuracy"])
        for point in report["robustness"]
        if point["kind"] == kind
    )
    clean = [p["uar"] for p in report["robustness"] if p["kind"] == "clean"]
    levels = [Level(name=f"clean sound, UAR {percent(uar)}", value=uar) for uar in clean]
    return LinePlot(
        name=f"robustness-{kind}",
        title=title,
        told="UAR: " + ", ".join(f"{value:g}: {percent(uar)}" for value, uar, _ in points),
        x=fitted_axis(label, [value for value, *_ in points]),
        y=percent_axis("share, %"),
        series=(
            Series(name="UAR", points=tuple((value, uar) for value, uar, _ in points)),
            Series(name="accuracy", points=tuple((value, right) for value, _, right in points)),
        ),
        levels=(_guessing(headline(report)), *levels),
    )


def _history(report: dict[str, Any], name: str, title: str, columns: list[str]) -> LinePlot:
    series = tuple(
        Series(
            name=column.replace("_", " ").replace("uar", "UAR"),
            points=tuple(_over_epochs(report["history"], column)),
        )
        for column in columns
    )
    values = [y for one in series for _, y in one.points]
    epochs = [x for one in series for x, _ in one.points]
    ends = (f"{one.name} from {one.points[0][1]:.3g} to {one.points[-1][1]:.3g}" for one in series)
    is_share = "loss" not in columns[0]
    label = series[0].name if len(series) == 1 else "share" if is_share else "loss"
    return LinePlot(
        name=name,
        title=title,
        told=f"{len(report['history'])} epochs: " + ", ".join(ends),
        x=fitted_axis("epoch", epochs),
        y=percent_axis(f"{label}, %") if is_share else fitted_axis(label, values, from_zero=True),
        series=series,
    )


def _over_epochs(history: Sequence[dict[str, Any]], column: str) -> Iterator[tuple[float, float]]:
    return (
        (float(row["epoch"]), float(row[column])) for row in history if row.get(column) is not None
    )
