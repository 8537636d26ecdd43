"""What `ser-edge support` packs for whoever helps from afar: texts about this machine, redacted.

Never here: sound, a secret, anything that is sent anywhere.
May import: the rooms below the service, and the service's own modules.
"""
