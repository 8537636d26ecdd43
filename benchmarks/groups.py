"""How often the bundled model errs, by sex, language and age: on people whom it never heard.

Usage: python -m benchmarks.groups [--data DIR]

The figures stand in docs/responsible-use.md. Validation and test speakers of the model and both
women of TESS; each person counts once, whatever the number of their clips.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.adaptation_material import Studio, unseen
from benchmarks.adaptation_pools import Fared, fared
from trainer.corpora.base import Utterance
from trainer.judging.evaluate import Speakers

LANGUAGES = {"ravdess": "English", "tess": "English", "emodb": "German", "nemo": "Polish"}
SEXES = {"F": "women", "M": "men"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One speaker and how their clips fared."""

    name: str
    corpus: str
    sex: str
    age_years: int | None
    n_clips: int
    fared: Fared


def people(studio: Studio, utterances: Iterable[Utterance]) -> list[Person]:
    by_name: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        by_name[utterance.speaker].append(utterance)
    return [_person(studio, name, spoken) for name, spoken in by_name.items()]


def _person(studio: Studio, name: str, spoken: list[Utterance]) -> Person:
    first = spoken[0]
    return Person(
        name=name,
        corpus=first.corpus,
        sex=SEXES.get(first.sex, "?"),
        age_years=first.age_years,
        n_clips=len(spoken),
        fared=fared(studio.clips(spoken), studio.labels, dict),
    )


def show(title: str, rows: list[tuple[str, list[Person]]]) -> None:
    """Print the means over people."""
    print(f"\n| {title} | people | UAR | distress missed | false distress |")
    print("|---|---:|---:|---:|---:|")
    for name, group in rows:
        uar, distress, false = 100 * np.mean([p.fared.as_row() for p in group], axis=0)
        print(f"| {name} | {len(group)} | {uar:.0f} | {100 - distress:.0f} | {false:.0f} |")


def grouped(
    everybody: list[Person], key: Callable[[Person], str]
) -> list[tuple[str, list[Person]]]:
    groups: dict[str, list[Person]] = defaultdict(list)
    for person in everybody:
        groups[key(person)].append(person)
    return sorted(groups.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    studio = Studio()
    speakers: tuple[Speakers, ...] = ("validation", "test")
    everybody = people(studio, [u for part in speakers for u in unseen(studio, data, part)])
    show("all", [("everybody", everybody)])
    show("sex", grouped(everybody, lambda p: p.sex))
    ravdess = [p for p in everybody if p.corpus == "ravdess"]
    show("sex, within RAVDESS", grouped(ravdess, lambda p: p.sex))
    show("language", grouped(everybody, lambda p: LANGUAGES[p.corpus]))
    aged = [p for p in everybody if p.age_years is not None]
    show("age where known", grouped(aged, lambda p: f"{p.corpus}, {p.age_years} years, {p.sex}"))
    show("person", grouped(everybody, lambda p: f"{p.name}, {p.sex}"))


if __name__ == "__main__":
    main()
