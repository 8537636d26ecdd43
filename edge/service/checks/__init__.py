"""What `ser-edge doctor` looks at: each check finds one thing and names the remedy.

Never here: mending anything, an output to a person.
May import: the rooms below the service.
"""
