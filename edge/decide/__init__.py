"""From probabilities to meaning: smoothing, the decided state, alert rules; outcomes, no actions.

Never here: sound, a device, a file, a thread, a clock; time is the index of a sample.
May import: `edge.contract`, `edge.errors`, numpy.
"""
