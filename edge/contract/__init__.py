"""What trainer and device must agree on: the numbers, the labels, the model file, the golden cases.

Never here: a computation on sound, a device, a default that only one side knows.
May import: `edge.errors`, numpy and the standard library.
"""
