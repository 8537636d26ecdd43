"""Speech corpora: one module a corpus, file name in, labelled utterance out.

Never here: decoding of sound, features, splits.
May import: `edge.contract.labels`, `edge.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trainer.corpora import emodb, nemo, ravdess, tess
from trainer.corpora.base import Corpus

CORPORA: Mapping[str, Corpus] = MappingProxyType(
    {
        corpus.name: corpus
        for corpus in (ravdess.SPEECH, ravdess.SONG, emodb.CORPUS, tess.CORPUS, nemo.CORPUS)
    }
)
"""Every corpus that a recipe may name."""
