"""Arrays in, arrays out: sound to features, stateless, equal to librosa on every frame.

Never here: memory between calls, a device, a file, a model, librosa itself.
May import: `edge.contract`, `edge.errors`, numpy.
"""

from edge.dsp.extract import extract, frames_of
from edge.dsp.normalise import normalise

__all__ = ["extract", "frames_of", "normalise"]
