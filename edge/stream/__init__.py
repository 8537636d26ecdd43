"""State between calls, shaped like sound: resampling, frames, speech, windows; push() and reset().

Never here: a device, a file, a thread, a clock; time is the index of a sample.
May import: `edge.dsp`, `edge.contract`, `edge.errors`, numpy.
"""
