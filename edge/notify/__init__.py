"""Tells people elsewhere: the outbox is emptied into MQTT, Apprise, webhooks and a heartbeat.

Never here: what is worth telling (decide), the ears. A process of its own, which may hang for
hours without deafening a room. May import: service (the control socket, the status), and below.
"""
