"""`ser-trainer data`: what recordings are there, what is wrong with them, how they look."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import AudioDataError, OutputError, UsageError
from trainer.cli import options

if TYPE_CHECKING:
    from edge.contract.spec import FeatureSpec
    from trainer.survey.scan import CorpusScan

_CHECK_EXAMPLES = """\
  ser-trainer data check --data ~/corpora                 every corpus that is there
  ser-trainer data check --corpora ravdess,tess --json survey.json
"""

_PLOT_EXAMPLES = """\
  ser-trainer data plot --data ~/corpora --out plots      three pictures of each corpus
  ser-trainer data plot --corpora emodb --spec mlp-180    as the features of a recipe see it
"""

_ENDS = """\
check ends with 65 where there are faults: what training would leave out, refuse to begin with, or
learn something wrong from. With nothing but warnings and notes it ends with 0. The text shows a few
files of each kind; --json has them all, with the measures of every recording.
"""

EXAMPLES = f"{_CHECK_EXAMPLES}{_PLOT_EXAMPLES}\n{_ENDS}"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the two actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = _action(actions, "check", "say what is there and what is wrong with it")
    check.epilog = f"examples:\n{_CHECK_EXAMPLES}\n{_ENDS}"
    check.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    plot = _action(actions, "plot", "draw samples, counts and durations of each corpus as PNG")
    plot.epilog = f"examples:\n{_PLOT_EXAMPLES}"
    plot.add_argument(
        "--out", type=Path, default=Path("plots"), metavar="DIR", help="folder (default: plots)"
    )
    plot.add_argument(
        "--spec", metavar="RECIPE", help="draw the features of this recipe, by name or TOML file"
    )


def execute(arguments: argparse.Namespace) -> None:
    """Check, or draw."""
    run = _check if arguments.action == "check" else _plot
    run(arguments)


def _action(actions: argparse._SubParsersAction, name: str, text: str) -> argparse.ArgumentParser:
    child: argparse.ArgumentParser = actions.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_data(child)
    child.add_argument(
        "--corpora", "--corpus", metavar="A,B", help="only these (default: all that are there)"
    )
    child.add_argument(
        "--processes",
        type=options.count(1),
        default=os.cpu_count() or 1,
        metavar="N",
        help="recordings that are decoded at a time (default: one for each core)",
    )
    return child


def _check(arguments: argparse.Namespace) -> None:
    from trainer import run
    from trainer.survey import facts, faults, finding, scan, text

    data = options.data_folder(arguments)
    survey = scan.scan(data, _names(arguments), n_threads=arguments.processes)
    found = faults.findings(survey)
    print(text.report(survey, found))
    if arguments.json:
        with _writing(arguments.json):
            run.write_json(arguments.json, facts.facts_of(survey, found))
    n_faults = finding.n_of(found, "fault")
    if n_faults:
        faulty = "1 fault" if n_faults == 1 else f"{n_faults} faults"
        raise AudioDataError(
            f"{data} has {faulty}; mend, rename or remove what is listed, then check again"
        )


def _names(arguments: argparse.Namespace) -> list[str] | None:
    """Return the corpora that are asked for; None is all that are there."""
    if arguments.corpora is None:
        return None
    names = options.words(arguments.corpora)
    if not names:
        raise UsageError("--corpora names no corpus; give names with commas between, or leave it")
    return list(dict.fromkeys(names))


def _plot(arguments: argparse.Namespace) -> None:
    from trainer import run
    from trainer.survey import scan

    specs = _specs(arguments.spec)
    data = options.data_folder(arguments)
    names = _names(arguments)
    with _writing(arguments.out):
        arguments.out.mkdir(parents=True, exist_ok=True)
    survey = scan.scan(data, names, n_threads=arguments.processes)
    for corpus in survey.corpora:
        for path, content in _pictures(corpus, specs, arguments.out):
            with _writing(path):
                run.write_bytes(path, content)
            print(path)


def _specs(recipe_name: str | None) -> tuple[FeatureSpec, ...]:
    from trainer import recipe
    from trainer.survey import samples

    return (recipe.load(recipe_name).features,) if recipe_name else samples.picture_specs()


def _pictures(
    corpus: CorpusScan, specs: Sequence[FeatureSpec], folder: Path
) -> Iterator[tuple[Path, bytes]]:
    from trainer.survey import plots, sample_plot, samples

    chosen = samples.one_of_each_emotion(corpus)
    if not chosen:
        raise AudioDataError(
            f"corpus {corpus.name} has no recording that can be drawn; "
            "see what is wrong with: ser-trainer data check"
        )
    yield folder / f"{corpus.name}-samples.png", plots.png(sample_plot.draw(corpus, chosen, specs))
    yield folder / f"{corpus.name}-counts.png", plots.png(plots.counts(corpus))
    yield folder / f"{corpus.name}-durations.png", plots.png(plots.durations(corpus))


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror or error}; name another place, or look at "
            "the disk's space and permissions"
        ) from error
