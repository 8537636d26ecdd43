"""Copy a few recordings of each corpus into one folder, spread over all of them.

python tests/deploy/arm/recordings.py DATA TARGET
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

_ENDINGS = {".wav", ".flac", ".ogg"}
_N_OF_EACH = 3
_NO_RECORDINGS = {"rir"}


def spread(files: Sequence[Path]) -> list[Path]:
    """Return some of the files, evenly spaced."""
    n = min(_N_OF_EACH, len(files))
    return [files[(2 * i + 1) * len(files) // (2 * n)] for i in range(n)]


def main(data: Path, target: Path) -> None:
    """Copy."""
    target.mkdir()
    for corpus in sorted(path for path in data.iterdir() if path.is_dir()):
        files = sorted(path for path in corpus.rglob("*") if path.suffix.lower() in _ENDINGS)
        if corpus.name not in _NO_RECORDINGS:
            for file in spread(files):
                shutil.copyfile(file, target / f"{corpus.name}-{file.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
