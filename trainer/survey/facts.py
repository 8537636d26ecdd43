"""A survey as programs read it: plain values, fit for JSON, with every file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from trainer.survey import balance
from trainer.survey.finding import SEVERITIES, Entry, Finding, n_of
from trainer.survey.scan import CorpusScan, Examined, Survey

SCHEMA = 1


def facts_of(survey: Survey, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return everything that was found out; all numbers are finite."""
    return {
        "schema": SCHEMA,
        "data": str(survey.data),
        "counts": {severity: n_of(findings, severity) for severity in SEVERITIES},
        "findings": [_finding(finding) for finding in findings],
        "corpora": [_corpus(corpus) for corpus in survey.corpora],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.kind.severity,
        "kind": finding.kind.name,
        "corpus": finding.corpus,
        "text": finding.kind.text,
        "entries": [_entry(entry) for entry in finding.entries],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {key: value for key, value in asdict(entry).items() if value}


def _corpus(corpus: CorpusScan) -> dict[str, Any]:
    table = balance.clips(corpus)
    lengths = balance.durations(corpus)
    return {
        "name": corpus.name,
        "title": corpus.title,
        "emotions": list(corpus.emotions),
        "n_clips": len(corpus.examined),
        "n_speakers": len(table),
        "duration": asdict(lengths) if lengths else None,
        "sample_rates_hz": _counted(sound.sample_rate_hz for sound in corpus.sounds),
        "channels": _counted(sound.n_channels for sound in corpus.sounds),
        "clips": {
            speaker: {emotion: row[emotion] for emotion in corpus.emotions}
            for speaker, row in table.items()
        },
        "recordings": [_recording(item) for item in corpus.examined],
    }


def _counted(values: Iterable[int]) -> dict[str, int]:
    return {str(value): n for value, n in Counter(values).most_common()}


def _recording(item: Examined) -> dict[str, Any]:
    known = {
        "file": item.file,
        "emotion": item.utterance.emotion,
        "speaker": item.utterance.speaker,
    }
    if item.sound is None:
        return {**known, "trouble": item.trouble}
    return {**known, "duration_s": item.sound.duration_s, **asdict(item.sound)}
