"""Does it help to decide relative to one person's usual voice? On people the model never heard.

Usage: python -m benchmarks.adaptation [--data DIR] [--test] [--reference]

Without --test only the validation speakers of the bundled model are looked at: everything is chosen
by them, each against the mean of the others. --test reports what was chosen, on the test speakers
and on TESS. --reference prints what stands in `edge.decide.baseline.REFERENCES`. The figures and
what they mean: docs/calibration.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.adaptation_alarms import alarm_lines
from benchmarks.adaptation_features import feature_lines
from benchmarks.adaptation_material import Clip, Studio, other_sounds, training, unseen
from benchmarks.adaptation_pools import (
    Fared,
    Floats,
    Move,
    People,
    Split,
    all_emotions,
    as_usual,
    at_most,
    by_speaker,
    fared,
    mover,
    only_distress,
    only_usual,
    reference_of,
    usual_of,
)
from edge.decide.baseline import STRENGTH, Reference

N_POOLS = 20
STRENGTHS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
AMOUNTS_S = (5.0, 10.0, 20.0, 60.0, 120.0, 240.0)

Chooser = Callable[[Sequence[Clip], np.random.Generator], Split]
References = dict[str, Reference]


class Study:
    """Some people, and for each the reference that was made without them."""

    def __init__(self, studio: Studio, people: People, references: References) -> None:
        self.studio = studio
        self.people = people
        self.references = references

    def gains(
        self,
        chooser: Chooser,
        *,
        strength: float = STRENGTH,
        amount_s: float = np.inf,
        pool_of: Callable[[str], Sequence[Clip]] | None = None,
    ) -> dict[str, Floats]:
        """Return for each person, and each pool a row: UAR, distress, false distress, speech.

        People whose pools hold less than `amount_s` are left out.
        """
        found = {}
        for speaker, clips in self.people.items():
            rows = []
            for seed in range(N_POOLS):
                rng = np.random.default_rng(seed)
                own, judged = chooser(clips, rng)
                heard = at_most(pool_of(speaker) if pool_of else own, amount_s, rng)
                speech_s = sum(clip.spoken_s for clip in heard)
                if np.isfinite(amount_s) and speech_s < amount_s:
                    break
                usual = usual_of(heard, self.studio.labels)
                move = mover(usual, self.references[speaker], strength=strength)
                rows.append([*self._gain(judged, move), speech_s])
            else:
                found[speaker] = np.array(rows)
        return found

    def stranger(self, speaker: str) -> Sequence[Clip]:
        """Return the usual voice of the next person."""
        names = list(self.people)
        other = names[(names.index(speaker) + 1) % len(names)]
        return as_usual(self.people[other], np.random.default_rng(0))[0]

    def plain(self) -> dict[str, Fared]:
        """Return how all clips fare as the model has it."""
        return {s: fared(c, self.studio.labels, dict) for s, c in self.people.items()}

    def _gain(self, judged: Sequence[Clip], move: Move) -> Floats:
        after = fared(judged, self.studio.labels, move).as_row()
        return np.subtract(after, fared(judged, self.studio.labels, dict).as_row())


def table(title: str, rows: dict[str, dict[str, Floats]]) -> None:
    """Print a row for each way: the mean over people, and the spread over people and pools."""
    print(f"\n### {title}\n")
    print(
        "| way | people | UAR | over people | over pools | worst, best person | distress, false |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, found in rows.items():
        if not found:
            continue
        means = np.array([gains.mean(axis=0) for gains in found.values()])
        within = np.mean([gains[:, 0].std() for gains in found.values()])
        uar, distress, false_distress, _ = 100 * means.mean(axis=0)
        print(
            f"| {name} | {len(found)} | {uar:+.1f} | {100 * means[:, 0].std():.1f} "
            f"| {100 * within:.1f} | {100 * means[:, 0].min():+.1f}, {100 * means[:, 0].max():+.1f}"
            f" | {distress:+.1f}, {false_distress:+.1f} |"
        )


def show_people(study: Study) -> None:
    """Print each person, plain and adapted."""
    print("\n### Each person: plain, and gained by the usual pool\n")
    print("| person | clips | UAR | distress | false distress | gained UAR | distress | false |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    gained = study.gains(as_usual)
    for speaker, plain in study.plain().items():
        cells = " | ".join(f"{100 * share:.1f}" for share in plain.as_row())
        mean, spread = 100 * gained[speaker].mean(axis=0), 100 * gained[speaker].std(axis=0)
        more = " | ".join(f"{mean[i]:+.1f} ± {spread[i]:.1f}" for i in range(3))
        print(f"| {speaker} | {len(study.people[speaker])} | {cells} | {more} |")


def show_pools(study: Study, noise: Sequence[Clip]) -> None:
    """Print what becomes of it with other pools, and with less speech."""
    table(
        f"Other pools, strength {STRENGTH}",
        {
            "mostly usual": study.gains(as_usual),
            "only usual": study.gains(only_usual),
            "all emotions": study.gains(all_emotions),
            "only distress": study.gains(only_distress),
            "another person": study.gains(as_usual, pool_of=study.stranger),
            "sounds that are no speech": study.gains(as_usual, pool_of=lambda _: noise),
        },
    )
    amounts = {f"{s:g} s of speech": study.gains(as_usual, amount_s=s) for s in AMOUNTS_S}
    table(f"Less speech, strength {STRENGTH}", amounts)


def show_choice(study: Study, trained: Sequence[Clip]) -> None:
    """Print the candidates among which was chosen; validation speakers only."""
    table("Strengths", {f"{s:g}": study.gains(as_usual, strength=s) for s in STRENGTHS})
    own = Study(study.studio, study.people, dict.fromkeys(study.people, _flat(study)))
    table("Without a reference", {f"{s:g}": own.gains(as_usual, strength=s) for s in STRENGTHS[:5]})
    learnt = reference_of(by_speaker(trained), study.studio.labels, n_pools=1)
    of_training = Study(study.studio, study.people, dict.fromkeys(study.people, learnt))
    strengths = {f"{s:g}": of_training.gains(as_usual, strength=s) for s in STRENGTHS[:7]}
    table("The reference from people of the training", strengths)
    print("\n### Means of features\n")
    for line in feature_lines(study.studio, study.people, trained):
        print(line)


def _flat(study: Study) -> Reference:
    return dict.fromkeys(next(iter(study.references.values())), 0.0)


def without_each(people: People, labels: Sequence[str]) -> References:
    """Return for each person the reference that the others make."""
    return {
        speaker: reference_of(
            {other: clips for other, clips in people.items() if other != speaker},
            labels,
            n_pools=N_POOLS,
        )
        for speaker in people
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--reference", action="store_true")
    arguments = parser.parse_args()
    studio = Studio()
    validation = by_speaker(studio.clips(unseen(studio, arguments.data, "validation")))
    reference = reference_of(validation, studio.labels, n_pools=N_POOLS)
    if arguments.reference:
        print(studio.bundle.manifest.sha256, {k: round(v, 3) for k, v in reference.items()})
        return
    if arguments.test:
        people = by_speaker(studio.clips(unseen(studio, arguments.data, "test")))
        study = Study(studio, people, dict.fromkeys(people, reference))
    else:
        study = Study(studio, validation, without_each(validation, studio.labels))
        show_choice(study, studio.clips(training(studio, arguments.data)))
    show_people(study)
    show_pools(study, other_sounds(studio, arguments.data))
    print("\n### Alarms of the default rule\n")
    for line in alarm_lines(studio, study.people, study.references):
        print(line)


if __name__ == "__main__":
    main()
