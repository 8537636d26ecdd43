"""All that is wrong with a survey's recordings: pure functions from measures to findings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from trainer.survey import balance
from trainer.survey.checks import fault_of, of_recordings
from trainer.survey.finding import Entry, Finding, Kind, worst_first
from trainer.survey.scan import CorpusScan, Examined, Survey

RARE_SHARE = 0.5
"""An emotion with less than this part of an even share is rare."""

MISNAMED = Kind(name="misnamed", severity="fault", text="left out: not known what they are")
CONTRADICTION = Kind(
    name="contradiction", severity="fault", text="the same sound under two emotions"
)
LEAK = Kind(
    name="leak", severity="fault", text="the same sound by two speakers: leaks into the test"
)
DUPLICATE = Kind(
    name="duplicate", severity="warning", text="the same sound again: leaks in a random split"
)
RARE = Kind(
    name="rare", severity="warning", text=f"rare: less than {RARE_SHARE:.0%} of an even share"
)
ALONE = Kind(
    name="one_speaker", severity="warning", text="only one speaker: new voices cannot be judged"
)
FEW_SPEAKERS = Kind(name="few_speakers", severity="warning", text="only one speaker has it")
LACKING = Kind(name="lacking", severity="warning", text="speakers who lack emotions")
UNLABELLED = Kind(
    name="unlabelled", severity="note", text="folders of recordings without labels, no corpora"
)


def findings(survey: Survey) -> tuple[Finding, ...]:
    """Return all that is wrong, the worst first."""
    found = [
        finding
        for corpus in survey.corpora
        for finding in (*of_recordings(corpus), *_of_names(corpus), *_of_classes(corpus))
    ]
    return worst_first([*found, *_of_duplicates(survey), *_of_folders(survey)])


def _of_folders(survey: Survey) -> Iterator[Finding]:
    folders = survey.unlabelled.items()
    entries = [Entry(subject=name, detail=str(n)) for name, n in folders]
    yield from UNLABELLED.found("", entries)


def _of_names(corpus: CorpusScan) -> Iterator[Finding]:
    strangers = [item for item in corpus.passed_over if item.cause != "by design"]
    yield from MISNAMED.found(
        corpus.name, [Entry(subject=item.file, detail=item.reason) for item in strangers]
    )
    known = [item for item in corpus.passed_over if item.cause == "by design"]
    for reason in dict.fromkeys(item.reason for item in known):
        entries = [Entry(subject=item.file) for item in known if item.reason == reason]
        kind = Kind(name="left_out", severity="note", text=f"left out on purpose: {reason}")
        yield from kind.found(corpus.name, entries)


def _of_classes(corpus: CorpusScan) -> Iterator[Finding]:
    table = balance.clips(corpus)
    if len(table) == 1:
        yield from ALONE.found(corpus.name, [Entry(subject=next(iter(table)))])
    else:
        yield from _of_speakers(corpus, table)
    yield from RARE.found(corpus.name, list(_rare(corpus.emotions, balance.totals(table))))


def _rare(emotions: Sequence[str], n_clips: Counter[str]) -> Iterator[Entry]:
    even = n_clips.total() / max(1, len(emotions))
    for emotion in sorted(emotions, key=lambda emotion: n_clips[emotion]):
        n = n_clips[emotion]
        if n < RARE_SHARE * even:
            yield Entry(subject=emotion, detail=f"{n or 'no'} clips, an even share is {even:.0f}")


def _of_speakers(corpus: CorpusScan, table: Mapping[str, Counter[str]]) -> Iterator[Finding]:
    owners = {e: [speaker for speaker, row in table.items() if row[e]] for e in corpus.emotions}
    single = [Entry(subject=e, detail=o[0]) for e, o in owners.items() if len(o) == 1]
    yield from FEW_SPEAKERS.found(corpus.name, single)
    # What no speaker has, none lacks: it is rare.
    spoken = [emotion for emotion in corpus.emotions if owners[emotion]]
    missing = {speaker: [e for e in spoken if not row[e]] for speaker, row in table.items()}
    lacking = [
        Entry(subject=speaker, detail=f"no {', no '.join(missing[speaker])}")
        for speaker in sorted(missing, key=lambda speaker: -len(missing[speaker]))
        if missing[speaker]
    ]
    yield from LACKING.found(corpus.name, lacking)


def _of_duplicates(survey: Survey) -> Iterator[Finding]:
    groups: dict[tuple[Kind, str], list[Entry]] = defaultdict(list)
    for same in _same_sounds([item for corpus in survey.corpora for item in corpus.examined]):
        groups[_kind_of(same), same[0].utterance.corpus].append(_entry_of(same))
    for (kind, corpus), entries in groups.items():
        yield from kind.found(corpus, entries)


def _same_sounds(examined: Sequence[Examined]) -> list[list[Examined]]:
    by_content: dict[str, list[Examined]] = defaultdict(list)
    for item in examined:
        # All silent recordings of one length are the same.
        if item.sound and not fault_of(item):
            by_content[item.sound.content].append(item)
    return [same for same in by_content.values() if len(same) > 1]


def _kind_of(same: Sequence[Examined]) -> Kind:
    if len({item.utterance.emotion for item in same}) > 1:
        return CONTRADICTION
    return LEAK if len({item.utterance.speaker for item in same}) > 1 else DUPLICATE


def _entry_of(same: Sequence[Examined]) -> Entry:
    first, *others = same
    emotions = sorted({item.utterance.emotion for item in same})
    speakers = sorted({item.utterance.speaker for item in same})
    unlike = [words for words in (emotions, speakers) if len(words) > 1]
    return Entry(
        subject=first.file,
        detail="; ".join(" and ".join(words) for words in unlike),
        same_as=tuple(item.file for item in others),
    )
