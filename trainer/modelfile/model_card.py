"""The model card: what a person must know before trusting the model, made from its real figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from edge.contract.labels import NON_VOICE, SEXES, subject
from edge.contract.manifest import CorpusNote, Manifest
from trainer.corpora.base import Corpus
from trainer.examples.splits import Split
from trainer.judging.evaluate import interval_text, shares_text
from trainer.modelfile.recall import known_voices
from trainer.recipe.learning import RecordedNonVoice

_BINDING: Final = ("NC", "research only")

_SPEECH: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "ravdess": ("North American English", "acted"),
        "ravdess-song": ("North American English", "sung by actors"),
        "crema-d": ("North American English", "acted"),
        "tess": ("Canadian English", "acted"),
        "savee": ("British English", "acted"),
        "emodb": ("German", "acted"),
        "nemo": ("Polish", "acted"),
        "urdu": ("Urdu", "from talk shows"),
    }
)
"""Language and manner of the public corpora."""

_OF_EMOTIONS: Final = """\
- People at home show less than actors, mix more and overlap. Expect it to be right less often there
  than the figures above say, and least often between emotions that sound alike, such as calm,
  neutral and sad.
- It hears how a voice sounds, not what is said, and not what a person feels.
- It is no medical device, and must not be the only way in which somebody in need is noticed."""

_OF_SEX: Final = """\
- It hears how high and how dark a voice is. High voices of men, deep voices of women and children's
  voices are often told wrongly. It knows nothing of anybody's gender."""

_OF_ALL: Final = """\
- Noise, music and distance lower the accuracy. Two people at once are heard as one.
- Tell everybody whose voice it hears that it listens."""

_NO_VETO: Final = """\
- It has no output for sounds without a voice: whatever passes the speech gate gets a label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CardFacts:
    """What a card tells beside the manifest."""

    summary: str
    """What the model is, from its recipe."""
    precision: str
    corpora: tuple[Corpus, ...]
    noises: tuple[RecordedNonVoice, ...]
    """Recordings without a voice that it was trained on, too."""
    split: Split
    figures: dict[str, Any]
    """As `trainer.modelfile.export` collects them: ``protocol``; of each precision its figures by
    corpus; and ``non_voice`` by precision and kind."""


def render(manifest: Manifest, facts: CardFacts) -> str:
    """Write the card of a model as Markdown."""
    sections = (
        f"# {manifest.name} {manifest.version}\n\n{facts.summary}",
        _origin(manifest, facts.precision),
        _learnt_from(manifest, facts),
        _accuracy(facts),
        confusions(facts.figures[facts.precision]),
        _non_voice(facts.figures["non_voice"][facts.precision]),
        _limits(manifest, facts),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _origin(manifest: Manifest, precision: str) -> str:
    shape = " x ".join(str(n) for n in manifest.input_tensor.shape[1:])
    spec = manifest.features
    window_s = spec.window_length / spec.sample_rate_hz
    return "\n".join(
        (
            f"- Made {manifest.created_utc} by the recipe `{manifest.recipe}`",
            f"- Tells {subject(manifest.labels)}",
            f"- Outputs: {', '.join(manifest.labels)}",
            f"- Input: {shape} {manifest.input_tensor.dtype}, a window of {window_s:.2f} s",
            f"- Precision: {precision}",
            f"- Needs a TFLite runtime of at least {manifest.min_runtime}",
            f"- Licence of the weights: {manifest.licence}",
        )
    )


def _learnt_from(manifest: Manifest, facts: CardFacts) -> str:
    citations = {corpus.name: corpus.citation for corpus in facts.corpora}
    lines = ["## Trained on", ""]
    lines += [_corpus(note, citations[note.name]) for note in manifest.corpora]
    lines += [
        f"- **{noise.folder}**, recordings without a voice ({noise.kind}). Licence: {noise.licence}"
        for noise in facts.noises
    ]
    licences = [note.licence for note in manifest.corpora]
    licences += [noise.licence for noise in facts.noises]
    if any(word in licence for licence in licences for word in _BINDING):
        lines += ["", "Some of these licences allow no commercial use: that binds the weights."]
    return "\n".join(lines)


def _corpus(note: CorpusNote, citation: str) -> str:
    held_out = ", ".join(note.speakers_validation + note.speakers_test) or "nobody"
    return (
        f"- **{note.name}**: {citation}. Licence: {note.licence}; "
        f"{note.n_clips} clips of {len(note.speakers_train)} speakers; held out: {held_out}"
    )


def _accuracy(facts: CardFacts) -> str:
    precision, figures = facts.precision, facts.figures
    if not figures[precision]:
        return "## Accuracy\n\nNo recording was held out: nobody knows how often it is right."
    whose = "voices that it was trained on" if known_voices(facts.split) else "new voices"
    head = (
        f"## Accuracy on {whose}\n\n"
        f"{figures['protocol']} Nothing was chosen by the test recordings. In brackets: the 95 % "
        'interval when speakers are drawn anew. "Own": the prediction is the likeliest of the '
        "labels that the corpus has, as the literature counts.\n\n"
        f"| corpus | test speakers | clips | UAR, {precision} | own | accuracy | UAR, float32 "
        "| ECE |\n|---|---|---|---|---|---|---|---|"
    )
    found = figures[precision]
    rows = [_row(name, one, figures["float32"][name]) for name, one in found.items()]
    return "\n".join([head, *rows, *(_details(name, one) for name, one in found.items())])


def _row(corpus: str, found: dict[str, Any], as_float: dict[str, Any]) -> str:
    ece = "unknown" if found["ece"] is None else f"{found['ece']:.3f}"
    return (
        f"| {corpus} | {', '.join(found['speakers'])} | {found['n_clips']} "
        f"| {found['uar']:.1%} ({interval_text(found['uar_interval'])}) "
        f"| {found['uar_of_known']:.1%} "
        f"| {found['accuracy']:.1%} "
        f"| {as_float['uar']:.1%} | {ece} |"
    )


def _details(corpus: str, found: dict[str, Any]) -> str:
    recalls, speakers = shares_text(found["recall"]), shares_text(found["uar_by_speaker"])
    return f"\n{corpus}: recall {recalls}. UAR by speaker {speakers}."


def confusions(by_corpus: Mapping[str, dict[str, Any]]) -> str:
    """Write what is taken for what: one table of clips for each corpus.

    Parameters
    ----------
    by_corpus : mapping
        What `trainer.judging.evaluate.report` returns.
    """
    if not by_corpus:
        return ""
    head = (
        "## What is taken for what\n\n"
        "Clips of the test speakers. A row is what was spoken, a column what was heard."
    )
    return "\n\n".join([head, *(_confusion(name, one) for name, one in by_corpus.items())])


def _confusion(corpus: str, found: dict[str, Any]) -> str:
    labels: list[str] = found["labels"]
    columns = [*labels, "no label"] if found["n_without_label"] else labels
    rows = zip(labels, found["confusion"], strict=True)
    lines = [
        f"| {corpus} | {' | '.join(columns)} |",
        f"|{'---|' * (1 + len(columns))}",
        *(
            f"| {label} | {' | '.join(str(n) for n in counts[: len(columns)])} |"
            for label, counts in rows
            if any(counts)
        ),
    ]
    return "\n".join(lines)


def _non_voice(by_kind: dict[str, Any]) -> str:
    if not by_kind:
        return ""
    lines = [
        "## Sounds without a voice",
        "",
        "Recordings that were not trained on, and how many got a label all the same:",
        "",
    ]
    lines += [
        f"- {kind}: {found['n_clips_accepted']} of {found['n_clips']} recordings, "
        f"{found['n_windows_accepted']} of {found['n_windows']} windows"
        for kind, found in by_kind.items()
    ]
    return "\n".join(lines)


def _limits(manifest: Manifest, facts: CardFacts) -> str:
    limits = [
        _heard(facts.corpora),
        _people(facts.split),
        _OF_SEX if manifest.labels == SEXES else _OF_EMOTIONS,
        _OF_ALL,
    ]
    if NON_VOICE not in manifest.labels:
        limits.append(_NO_VETO)
    return "\n".join(("## Limits", "", *limits))


def _heard(corpora: Sequence[Corpus]) -> str:
    """Say in which languages and in what manner those it learnt from spoke."""
    by_speech: dict[tuple[str, str], list[str]] = {}
    for corpus in corpora:
        speech = _SPEECH.get(corpus.name, ("a language that its maker knows", "own recordings"))
        by_speech.setdefault(speech, []).append(corpus.name)
    told = [
        f"{language}, {manner} ({', '.join(names)})"
        for (language, manner), names in by_speech.items()
    ]
    return f"- It heard {'; '.join(told)}. Other languages and manners of speaking are new to it."


def _people(split: Split) -> str:
    """Say whose voices it learnt from, as far as the corpora tell."""
    people = {u.speaker: u for u in split.train}.values()
    sexes = Counter({"F": "female", "M": "male"}.get(u.sex, "of unknown sex") for u in people)
    counts = ", ".join(f"{n} {sex}" for sex, n in sorted(sexes.items()))
    ages = sorted(u.age_years for u in people if u.age_years is not None)
    if not ages:
        told = "their ages are not known"
    else:
        span = f"{ages[0]} to {ages[-1]}" if len(ages) > 1 else f"{ages[0]}"
        old = sum(age >= 60 for age in ages)
        known = f"where that is known ({len(ages)} of {len(people)})"
        told = f"{span} years old {known}, {old or 'none'} of them 60 or older"
    return (
        f"- Its training speakers were {counts}; {told}. Voices of other ages, children's above "
        "all, are new to it."
    )
