"""The web page and its API: shows what is, was and is wrong, and takes a caregiver's answers.

Never here: decisions, sound that stays. A process of its own, loopback by default.
May import: service (the control socket, the status), store, analysis, and below.
"""
