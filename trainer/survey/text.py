"""A survey as people read it in a terminal: the overview, what is wrong, who says what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from trainer.survey import balance
from trainer.survey.finding import SEVERITIES, Finding, Severity, n_of
from trainer.survey.scan import CorpusScan, Survey

N_SHOWN: Mapping[Severity, int] = {"fault": 10, "warning": 10, "note": 4}
"""Entries of one finding that are shown; the JSON has all."""

N_ROWS = 12
"""Rows of speakers in a table of clips; the JSON has all."""

_HEADINGS: Mapping[Severity, str] = {
    "fault": "FAULTS: training would leave these out, refuse to begin, or learn something wrong",
    "warning": "WARNINGS",
    "note": "NOTES",
}

Row = Sequence[str]


def report(survey: Survey, findings: Sequence[Finding]) -> str:
    """Return the whole text; findings are the worst first."""
    parts = [
        _overview(survey.corpora),
        *(_section(severity, findings) for severity in SEVERITIES),
        *(_clips(corpus) for corpus in survey.corpora),
        _verdict(findings),
    ]
    return "\n\n".join(part for part in parts if part)


def _overview(corpora: Sequence[CorpusScan]) -> str:
    heading = ("corpus", "clips", "speakers", "hours", "shortest", "median", "longest", "sound")
    return _aligned([heading, *(_overview_row(corpus) for corpus in corpora)], left=(0, 7))


def _overview_row(corpus: CorpusScan) -> Row:
    lengths = balance.durations(corpus)
    return (
        corpus.name,
        str(len(corpus.examined)),
        str(len(balance.clips(corpus))),
        *(
            (
                f"{lengths.total_s / 3600:.2f}",
                f"{lengths.least_s:.2f} s",
                f"{lengths.median_s:.2f} s",
                f"{lengths.most_s:.2f} s",
            )
            if lengths
            else ("-",) * 4
        ),
        _formats(corpus),
    )


def _formats(corpus: CorpusScan) -> str:
    """Return rates and channels, the most frequent first; counts where there are several."""
    formats = Counter((sound.sample_rate_hz, sound.n_channels) for sound in corpus.sounds)
    names = {key: f"{key[0] / 1000:g} kHz {_channels(key[1])}" for key in formats}
    if len(formats) < 2:
        return "".join(names.values())
    return ", ".join(f"{names[key]} ({n})" for key, n in formats.most_common())


def _channels(n_channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(n_channels, f"{n_channels} channels")


def _section(severity: Severity, findings: Sequence[Finding]) -> str:
    own = [finding for finding in findings if finding.kind.severity == severity]
    if not own:
        return ""
    return "\n".join([_HEADINGS[severity], *(_finding(finding) for finding in own)])


def _finding(finding: Finding) -> str:
    n_shown = N_SHOWN[finding.kind.severity]
    n_hidden = len(finding.entries) - n_shown
    shown = [
        (" = ".join((entry.subject, *entry.same_as)), entry.detail)
        for entry in finding.entries[:n_shown]
    ]
    where = f"{finding.corpus}: " if finding.corpus else ""
    lines = [f"  {where}{finding.kind.text} ({len(finding.entries)})"]
    lines += _indented(_aligned(shown, left=(0, 1)), by=6)
    lines += [f"      and {n_hidden} more"] if n_hidden > 0 else []
    return "\n".join(lines)


def _clips(corpus: CorpusScan) -> str:
    table = balance.clips(corpus)
    rows = [_clips_row(label, row, corpus.emotions) for label, row in _alike(table, corpus)]
    n_hidden = len(rows) - N_ROWS
    shown = [
        ("speaker", *corpus.emotions, "all"),
        *rows[:N_ROWS],
        *([(f"and {n_hidden} more",)] if n_hidden > 0 else []),
        _clips_row("all", balance.totals(table), corpus.emotions),
    ]
    lines = _indented(_aligned(shown, left=(0,)), by=2)
    return "\n".join([f"{corpus.name}: clips of {corpus.title}", *lines])


def _clips_row(label: str, row: Counter[str], emotions: Sequence[str]) -> Row:
    return (label, *(str(row[emotion] or "-") for emotion in emotions), str(row.total()))


def _alike(
    table: Mapping[str, Counter[str]], corpus: CorpusScan
) -> Iterator[tuple[str, Counter[str]]]:
    """Yield one row for all speakers with the same counts; who lacks most stands first."""

    def order(speaker: str) -> tuple[int, ...]:
        counts = [table[speaker][emotion] for emotion in corpus.emotions]
        return (-counts.count(0), sum(counts), *counts)

    for _, speakers in groupby(sorted(table, key=order), key=order):
        first, *others = speakers
        label = f"{first} and {len(others)} alike" if others else first
        yield label, table[first]


def _verdict(findings: Sequence[Finding]) -> str:
    counts = {severity: n_of(findings, severity) for severity in SEVERITIES}
    words = [f"{n} {severity}{'' if n == 1 else 's'}" for severity, n in counts.items() if n]
    return ", ".join(words) or "nothing is wrong"


def _indented(text: str, *, by: int) -> list[str]:
    return [" " * by + line for line in text.splitlines()]


def _aligned(rows: Sequence[Row], *, left: Sequence[int]) -> str:
    """Return rows as columns, those named by `left` to the left; a row may be short."""
    n_columns = max(len(row) for row in rows)
    widths = [
        max(len(row[column]) for row in rows if column < len(row)) for column in range(n_columns)
    ]
    lines = [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
