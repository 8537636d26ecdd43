"""Sources of sound and things that signal; the only room for PyAudio, gpiozero and libsndfile.

Never here: a decision, a feature, the configuration; those libraries load only when one is opened.
May import: `edge.dsp`, `edge.contract`, `edge.stream`, `edge.decide`, `edge.errors`, numpy.
"""
