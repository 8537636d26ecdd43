"""The model card: what a person must know before trusting the model, made from its real figures."""

from __future__ import annotations

from typing import Any

from edge.contract.manifest import CorpusNote, Manifest
from trainer.dataset import corpus_named
from trainer.evaluate import interval_text

_NON_COMMERCIAL = "NC"

_LIMITS = """\
- It was trained on acted speech. People at home show less, mix more and overlap; expect it to be
  right less often there than the figures above, and least often between calm, neutral and sad.
- It hears how a voice sounds, not what is said, and not what a person feels.
- Very few speakers were older than 60, and none was a child. English, German and Polish were heard.
- Noise, music and distance lower the accuracy. Two people at once are heard as one.
- It is no medical device, and must not be the only way in which somebody in need is noticed.
- Tell everybody in the room that it listens."""


def render(manifest: Manifest, *, figures: dict[str, Any], summary: str) -> str:
    """Write the card of a model as Markdown.

    Parameters
    ----------
    manifest : Manifest
    figures : dict
        As `trainer.export` collects them: by precision and corpus, then ``non_voice``.
    summary : str
        What the model is, from its recipe.
    """
    sections = (
        f"# {manifest.name} {manifest.version}\n\n{summary}",
        _facts(manifest),
        _corpora(manifest),
        _accuracy(figures),
        _non_voice(figures["non_voice"]),
        f"## Limits\n\n{_LIMITS}",
    )
    return "\n\n".join(sections) + "\n"


def _facts(manifest: Manifest) -> str:
    shape = " x ".join(str(n) for n in manifest.input_tensor.shape[1:])
    spec = manifest.features
    window_s = spec.window_length / spec.sample_rate_hz
    return "\n".join(
        (
            f"- Made {manifest.created_utc} by the recipe `{manifest.recipe}`",
            f"- Outputs: {', '.join(manifest.labels)}",
            f"- Input: {shape} {manifest.input_tensor.dtype}, a window of {window_s:.2f} s",
            f"- Needs a TFLite runtime of at least {manifest.min_runtime}",
            f"- Licence of the weights: {manifest.licence}",
        )
    )


def _corpora(manifest: Manifest) -> str:
    lines = ["## Trained on", ""]
    lines += [_corpus(note) for note in manifest.corpora]
    if any(_NON_COMMERCIAL in note.licence for note in manifest.corpora):
        lines += ["", "Some of these licences allow no commercial use: that binds the weights."]
    return "\n".join(lines)


def _corpus(note: CorpusNote) -> str:
    held_out = ", ".join(note.speakers_validation + note.speakers_test) or "nobody"
    return (
        f"- **{note.name}**: {corpus_named(note.name).citation}. Licence {note.licence}; "
        f"{note.n_clips} clips of {len(note.speakers_train)} speakers; held out: {held_out}"
    )


def _accuracy(figures: dict[str, Any]) -> str:
    head = (
        "## Accuracy on speakers never trained on\n\n"
        f"{figures['protocol']} Nothing was chosen by the test speakers. In brackets: the 95 % "
        'interval when speakers are drawn anew. "Own": the prediction is the likeliest of the '
        "corpus' own emotions, as the literature counts.\n\n"
        "| corpus | test speakers | clips | UAR, int8 | own | accuracy | UAR, float32 | ECE |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    rows = [_row(name, found, figures["float32"][name]) for name, found in figures["int8"].items()]
    details = [_details(name, found) for name, found in figures["int8"].items()]
    return "\n".join([head, *rows, *details])


def _details(corpus: str, found: dict[str, Any]) -> str:
    recalls = ", ".join(f"{emotion} {value:.0%}" for emotion, value in found["recall"].items())
    speakers = ", ".join(f"{name} {uar:.0%}" for name, uar in found["uar_by_speaker"].items())
    return f"\n{corpus}: recall {recalls}. UAR by speaker {speakers}."


def _row(corpus: str, found: dict[str, Any], as_float: dict[str, Any]) -> str:
    return (
        f"| {corpus} | {', '.join(found['speakers'])} | {found['n_clips']} "
        f"| {found['uar']:.1%} ({interval_text(found['uar_interval'])}) "
        f"| {found['uar_of_known']:.1%} "
        f"| {found['accuracy']:.1%} "
        f"| {as_float['uar']:.1%} | {found['ece']:.3f} |"
    )


def _non_voice(by_kind: dict[str, Any]) -> str:
    lines = [
        "## Sounds without a voice",
        "",
        "Recordings that were not trained on, and how many got an emotion all the same:",
        "",
    ]
    lines += [
        f"- {kind}: {found['n_clips_accepted']} of {found['n_clips']} recordings, "
        f"{found['n_windows_accepted']} of {found['n_windows']} windows"
        for kind, found in by_kind.items()
    ]
    return "\n".join(lines)
