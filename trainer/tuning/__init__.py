"""Alert rules from what people said of alarms: replayed, chosen and judged on different days.

Never here: sound, models, the log itself (it is read on the device, by `ser-edge feedback export`).
May import: `edge.contract`, `edge.decide`, `edge.errors`, `trainer.stored`.
"""
